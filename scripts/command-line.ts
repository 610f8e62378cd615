// Writes the options, environment variables and exit codes of the command line to docs/command-line.md:
//
//     npm run api          rewrites them
//     npm run check:api    fails if they are out of date

import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { build } from 'esbuild';

const PAGE = 'docs/command-line.md';
const BEGIN = '<!-- begin: written by npm run api -->';
const END = '<!-- end: written by npm run api -->';

/** Variables that are no options. */
const VARIABLES = [
  ['XDG_CONFIG_HOME', 'directory of `longrunning/profile.yaml`; `~/.config` by default'],
  ['COLUMNS', 'width of the table of `list` where standard output is no terminal'],
  [
    'GOOGLE_CLOUD_UNIVERSE_DOMAIN',
    'universe of the API, with `--google` and in `longrunning/gax`; `googleapis.com` by default',
  ],
  ['GOOGLE_CLOUD_QUOTA_PROJECT', 'project for billing and quota, in the same places'],
  ['GRPC_VERBOSITY', 'log of grpc-js; `NONE` by default'],
] as const;

/** Rewrites the page, or returns a problem if it is out of date. */
export async function commandLineReference(checks: boolean): Promise<readonly string[]> {
  const page = readFileSync(PAGE, 'utf8');
  const [before, , after] = page.split(new RegExp(`(${BEGIN}[\\s\\S]*${END})`));
  if (before === undefined || after === undefined)
    return [`${PAGE} has no lines "${BEGIN}" and "${END}": add them`];
  const unlisted = variablesInSources().filter((name) => !page.includes(`\`${name}\``) && checks);
  if (unlisted.length > 0)
    return [`${PAGE} lacks ${unlisted.join(', ')}: add them to VARIABLES in scripts/command-line.ts`];
  const written = `${before}${BEGIN}\n\n${reference(await program())}\n${END}${after}`;
  if (written === page) return [];
  if (checks) return [`${PAGE} is out of date: review the change, and run "npm run api"`];
  writeFileSync(PAGE, written);
  return [];
}

/** Names of the environment variables that the sources read. */
function variablesInSources(): string[] {
  const names = globSync('src/**/*.ts').flatMap((file) => {
    const source = readFileSync(file, 'utf8');
    const reads = /\benv\.([A-Z_]{2,})|\.env\('(\w+)'|\{ ([A-Z_]{2,})\b[^}]*\} = env\b/g;
    return Array.from(source.matchAll(reads), ([, ...found]) => found.find((name) => name) ?? '');
  });
  return [...new Set(names)];
}

/** Makes the program from its sources. */
async function program(): Promise<Command> {
  const work = mkdtempSync('tmp-api-');
  try {
    const outfile = join(process.cwd(), work, 'program.mjs');
    const entry = `export { makeProgram } from './src/cli/program.ts'; export { EXIT_CODES_HELP } from './src/cli/output/failure.ts';`;
    await build({
      stdin: { contents: entry, resolveDir: '.' },
      outfile,
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
    });
    const { makeProgram } = await import(outfile);
    return makeProgram({ stdout: process.stdout, stderr: process.stderr, argv: [] }, '0.0.0');
  } finally {
    rmSync(work, { recursive: true });
  }
}

function reference(program: Command): string {
  const commands = program.commands.filter((command) => command.summary() !== '');
  const calling = commands.filter(({ options }) => options.some(({ long }) => long === '--token'));
  const [first, ...others] = calling;
  const shared = (first?.options ?? []).filter(({ long }) =>
    others.every(({ options }) => options.some((option) => option.long === long)),
  );
  const names = new Set(shared.map(({ long }) => long));
  const isShared = (command: Command, { long }: Option) => calling.includes(command) && names.has(long);
  return [
    ...commands.map((command) => {
      const own = command.options.filter((option) => !isShared(command, option));
      const more = calling.includes(command) ? 'It takes the [options of calls](#options-of-calls).' : '';
      return section(command, own, more);
    }),
    `### Options of calls\n\n${calling.map(codeOf).join(', ')} take them before and after the name of the command. The one after it wins.\n\n${tableOf(shared)}`,
    `### Environment variables\n\n${environment(commands)}`,
    `### Exit codes\n\n${exitCodes(program)}`,
  ].join('\n');
}

function codeOf(command: Command): string {
  return `\`${command.name()}\``;
}

function section(command: Command, own: readonly Option[], more: string): string {
  const args = command.registeredArguments.map((argument) => {
    const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
    return `- \`${name}\`: ${argument.description}`;
  });
  const parts = [
    `### ${command.name()}`,
    `${command.description()} ${more}`.trim(),
    args.join('\n'),
    own.length > 0 ? tableOf(own).trimEnd() : '',
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function tableOf(options: readonly Option[]): string {
  const rows = options.map(({ flags, description, defaultValue, defaultValueDescription, argChoices }) => {
    const choices = argChoices ? `; ${argChoices.join(', ')}` : '';
    const fallback = defaultValueDescription ?? (defaultValue === undefined ? '' : String(defaultValue));
    return `| \`${flags}\` | ${cell(description + choices)} | ${cell(fallback)} |`;
  });
  return `| Option | Meaning | Default |\n|---|---|---|\n${rows.join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function environment(commands: readonly Command[]): string {
  const options = commands.flatMap((command) => command.options).filter(({ envVar }) => envVar !== undefined);
  const byName = new Map(options.map(({ envVar, long }) => [envVar, `same as \`${long}\``]));
  const rows = [...byName, ...VARIABLES].map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return `| Variable | Meaning |\n|---|---|\n${rows.join('\n')}\n`;
}

function exitCodes(program: Command): string {
  const lines = helpOf(program).matchAll(/^ {2}(\d) {2}(.*)$/gm);
  const rows = Array.from(lines, ([, code, meaning]) => `| ${code} | ${meaning} |`);
  return `| Code | Meaning |\n|---|---|\n${rows.join('\n')}\n`;
}

/** Help of a command that waits, with all that is added to it. */
function helpOf(program: Command): string {
  const command = program.commands.find((each) => each.name() === 'wait');
  let text = '';
  command
    ?.configureOutput({
      writeOut: (written) => {
        text += written;
      },
    })
    .outputHelp();
  return text;
}
