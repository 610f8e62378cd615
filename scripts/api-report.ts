// Writes the public API of every subpath to etc/*.api.md, so that changes of it show up in reviews:
//
//     npm run api          rewrites the reports
//     npm run check:api    fails if a report is out of date, if there are too many exports, or if an exported declaration
//                          refers to a type that no subpath exports

import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { commandLineReference } from './command-line.ts';

const MOST_EXPORTS = 130;
const FOLDER = 'etc';

/** Types that users never need to name. */
const UNNAMED = new Set([
  // Members of the unions OperationOutcome and OperationSnapshot, which `state` tells apart.
  'CancelledOperation',
  'FailedOperation',
  'RunningOperation',
  'SucceededOperation',
  // Parameters of constructors that the package calls itself.
  'HandleContext',
  'HandleSubject',
  'ScriptFault',
  'WaitProgress',
  // What Jest and Vitest expect of matchers.
  'MatcherResult',
  // Options and results of one function, which are written in place or inferred.
  'CallerOperations',
  'ServiceOptions',
  'ShutdownOptions',
  // Fields that the compiler rejects.
  'Reject',
  'UnknownFields',
  // Shorthands and inference.
  'DefinedMethod',
  'EncodedMessage',
  'HandlerOf',
  'Leaf',
  'NamedRequest',
  'OpenOperation',
  'RequestIdSelector',
  'RequestOf',
  'StrictMethod',
  // Parts of OperationStore and ListQuery, which TypeScript infers.
  'ListedOperation',
  'WorkConsumer',
  // Nodes of a checked filter.
  'Condition',
  'MemberCondition',
  // Parts that hosts of services handle. Users pass `Operations` and services.
  'MountedMethod',
  'MountedService',
  'ServiceHandlers',
  'ServiceHost',
  'ServiceMethod',
  // Objects of OpenAPI, by its specification.
  'Components',
  'PathItem',
  'SecurityRequirement',
  'Tag',
  // The parts of `pg` and google-gax that the package uses.
  'GaxDecoder',
  'GaxOperationMessage',
  'GaxOperationsClient',
  'PostgresClient',
  'PostgresQueries',
  // Bases, whose members the exported types inherit.
  'CallerLimitOptions',
  'EndedWithError',
  'GatewaySettings',
  'OpenApiSettings',
  'ServiceDescription',
  'ServiceLimits',
  'Snapshot',
  'TelemetrySpan',
  // Forms of Operation messages of other generators.
  'FlatOperation',
  'PlainOperation',
  'SourceReference',
  'UnionOperation',
  'WrappedOperation',
]);

type Target = string | null | { readonly import: string };
const { exports }: { exports: Record<string, Target> } = JSON.parse(readFileSync('package.json', 'utf8'));
const subpaths = Object.entries(exports).flatMap(([subpath, target]) => {
  const file = typeof target === 'object' ? target?.import : target;
  return file?.startsWith('./dist/src/') ? [[subpath, file] as const] : [];
});

const work = mkdtempSync('tmp-api-');
try {
  const checks = process.argv[2] === 'check';
  const problems = [...report(checks), ...(await commandLineReference(checks))];
  for (const problem of problems) console.error(`api-report: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true });
}

function report(checks: boolean): readonly string[] {
  const tsc = join('node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', work], { stdio: 'inherit' });
  const unexported = extract();
  const reports = new Map(
    globSync(join(work, 'reports/*.api.md')).map((file) => [basename(file), readFileSync(file, 'utf8')]),
  );
  const exported = [...reports.values()].flatMap(exportedNames);
  const known = new Set([...exported, ...generatedNames(), ...UNNAMED]);
  const problems = unexported.filter(({ name }) => !known.has(name)).map(({ text }) => text);
  if (exported.length > MOST_EXPORTS)
    problems.push(
      `there are ${exported.length} exports: keep at most ${MOST_EXPORTS}, by merging or inlining types`,
    );
  if (!checks) {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER);
    for (const [file, text] of reports) writeFileSync(join(FOLDER, file), text);
    console.log(`${exported.length} exports in ${reports.size} subpaths`);
    return problems;
  }
  const files = new Set([...reports.keys(), ...globSync(join(FOLDER, '*')).map((file) => basename(file))]);
  for (const file of files) {
    const path = join(FOLDER, file);
    const written = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    if (written !== reports.get(file))
      problems.push(`${path} is out of date: review the change, and run "npm run api"`);
  }
  return problems;
}

/** Writes the reports. Returns the types that a report refers to and does not contain. */
function extract(): { readonly name: string; readonly text: string }[] {
  const configs = subpaths.map(([subpath, file]) => configOf(subpath, file));
  const [first] = configs;
  if (!first) throw new Error('package.json exports no subpath');
  const additionalEntryPoints = configs.map((config) => config.mainEntryPointFilePath);
  const compilerState = CompilerState.create(first, { additionalEntryPoints });
  mkdirSync(join(work, 'reports'));
  return configs.flatMap((config) => {
    const missing: { name: string; text: string }[] = [];
    Extractor.invoke(config, {
      compilerState,
      localBuild: true,
      messageCallback: (message) => {
        message.logLevel = ExtractorLogLevel.None;
        // A number is added to a name that another declaration has, too.
        const name = /symbol "(\w+?)(?:_\d+)?" needs to be exported/.exec(message.text)?.[1];
        if (message.messageId !== 'ae-forgotten-export' || name === undefined) return;
        const text = `${name}, which ${basename(config.reportFilePath)} refers to, is not exported: export or inline it`;
        missing.push({ name, text });
      },
    });
    return missing;
  });
}

function configOf(subpath: string, file: string): ExtractorConfig {
  const reportFileName = subpath === '.' ? 'longrunning' : subpath.slice(2).replaceAll('/', '-');
  const folder = join(process.cwd(), work);
  return ExtractorConfig.prepare({
    packageJsonFullPath: join(process.cwd(), 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: process.cwd(),
      mainEntryPointFilePath: file.replace('./dist', folder).replace(/\.js$/, '.d.ts'),
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2024',
            lib: ['es2024', 'esnext.disposable'],
            module: 'nodenext',
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
          include: [work],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName,
        reportFolder: join(folder, 'reports'),
        reportTempFolder: join(folder, 'temp'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.None },
          'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: false },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
}

/** Names that a report exports. Overloads, and a value with the type of the same name, count once. */
function exportedNames(text: string): string[] {
  const declared = text.matchAll(
    /^export (?:declare )?(?:abstract )?(?:class|const|enum|function|interface|type) (\w+)/gm,
  );
  const listed = text.matchAll(/^export \{ (?:\w+ as )?(\w+) \}/gm);
  return [...new Set([...declared, ...listed].map(([, name]) => name ?? ''))];
}

/** Messages and services of `longrunning/generated`, which types may refer to. */
function generatedNames(): string[] {
  return globSync('generated/**/*.ts').flatMap((file) =>
    Array.from(
      readFileSync(file, 'utf8').matchAll(/^export (?:interface|type|const) (\w+)/gm),
      ([, name]) => name ?? '',
    ),
  );
}
