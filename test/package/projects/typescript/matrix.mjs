// Compiles the story with each version of TypeScript and each way to resolve modules, without skipLibCheck, and runs what
// was emitted.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';

const OF_DEPENDENCIES = /^node_modules\/@(?:grpc|bufbuild)\//;

const VERSIONS = ['5.4', '5.9', '6', '7'];

/** By name: compiler options, the format of the files, and the versions that have it. */
const RESOLUTIONS = {
  'commonjs, node10': [{ module: 'commonjs', moduleResolution: 'node10' }, 'commonjs', ['5.4', '5.9', '6']],
  'commonjs, bundler': [{ module: 'commonjs', moduleResolution: 'bundler' }, 'commonjs', ['6', '7']],
  'node16, CommonJS': [{ module: 'node16' }, 'commonjs', VERSIONS],
  'node16, ESM': [{ module: 'node16' }, 'module', VERSIONS],
  'nodenext, CommonJS': [{ module: 'nodenext' }, 'commonjs', VERSIONS],
  'nodenext, ESM': [{ module: 'nodenext' }, 'module', VERSIONS],
  'esnext, bundler': [{ module: 'esnext', moduleResolution: 'bundler' }, 'module', VERSIONS],
};

const main = `import { EXPECTED, story } from './story.js';
import * as gax from 'longrunning/gax';
import * as conformance from 'longrunning/conformance';
import * as openTelemetry from 'longrunning/opentelemetry';
import * as postgres from 'longrunning/postgres';
story().then((seen) => {
  if (JSON.stringify(seen) !== JSON.stringify(EXPECTED)) throw new Error('saw ' + seen.join(', '));
  for (const module of [gax, conformance, openTelemetry, postgres]) {
    if (Object.keys(module).length === 0) throw new Error('a module exports nothing');
  }
});
`;

let failed = 0;
for (const [name, [options, type, versions]] of Object.entries(RESOLUTIONS)) {
  for (const version of versions) {
    const folder = `${name.replaceAll(/\W+/g, '-')}-${version}`;
    mkdirSync(folder, { recursive: true });
    cpSync('story.ts', `${folder}/story.ts`);
    writeFileSync(`${folder}/main.ts`, main);
    writeFileSync(`${folder}/package.json`, JSON.stringify({ type }));
    const compilerOptions = {
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable'],
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      esModuleInterop: true,
      rootDir: '.',
      outDir: 'out',
      ...(version === '6' && { ignoreDeprecations: '6.0' }),
      ...options,
    };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions }));
    const compiler = `node_modules/typescript-${version}/bin/tsc`;
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
    // Declarations of grpc-js and protobuf-es need TypeScript 5.7 or newer, or skipLibCheck.
    const errors = stdout.split('\n').filter((line) => line !== '' && !OF_DEPENDENCIES.test(line));
    if (errors.length === 0) {
      execFileSync(process.execPath, [`${folder}/out/main.js`], {
        stdio: ['ignore', 'ignore', 'inherit'],
        timeout: 120_000,
      });
    } else failed += 1;
    console.log(
      `TypeScript ${version}, ${name}: ${errors.length === 0 ? 'compiles and runs' : `\n${errors.join('\n')}`}`,
    );
  }
}
process.exitCode = failed === 0 ? 0 : 1;
