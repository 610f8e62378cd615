import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  compile,
  MODULES,
  PACKAGE,
  pack,
  RESOLUTIONS,
  ROOT,
  type Tarball,
  writeSources,
} from './consumer.js';

/** What each import of the tarball finds: the packages that it names, and nothing that it does not. */
function link(directory: string, packages: readonly string[]): void {
  for (const name of packages) {
    mkdirSync(dirname(join(directory, 'node_modules', name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name));
  }
}

describe('the package', () => {
  let directory: string;
  let tarball: Tarball;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'longrunning-package-'));
    tarball = pack(directory);
    const installed = join(directory, 'node_modules/longrunning');
    mkdirSync(installed, { recursive: true });
    execFileSync('tar', ['-xzf', tarball.path, '--strip-components=1', '-C', installed]);
    link(directory, [...Object.keys(PACKAGE.dependencies), '@types/node']);
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
    writeSources(directory, tarball.files);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is below 1 MB and has protos, stubs, descriptors, types and source maps', () => {
    expect(tarball.bytes).toBeLessThan(2 ** 20);
    expect(tarball.files).toEqual(
      expect.arrayContaining([
        'protos/google/longrunning/operations.proto',
        'protos/longrunning.yaml',
        'generated/descriptors.binpb',
        'dist/protos/google/api/annotations.proto',
        'dist/THIRD-PARTY-LICENSES.txt',
        'dist/generated/google/longrunning/operations.js',
        'dist/generated/example/reports/v1/reports.operations.js',
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
      ]),
    );
    const modules = tarball.files.filter((file) => file.endsWith('.js'));
    const maps = modules.map((file) => `${file}.map`);
    expect(tarball.files).toEqual(expect.arrayContaining(maps));
  });

  it('every entry point has an ESM and a CommonJS build and declarations of each, also for TypeScript without exports', () => {
    for (const [subpath, { 'module-sync': moduleSync, import: esm, default: commonJs }] of MODULES) {
      expect(moduleSync).toBe(esm);
      expect(commonJs).toBe(esm.replace(/\.js$/, '.cjs'));
      const declarations = commonJs.replace(/\.cjs$/, '.d.cts');
      const node10 =
        subpath === '.' ? PACKAGE.types : PACKAGE.typesVersions['*'][subpath.replace('./', '')]?.[0];
      expect({ subpath, node10 }).toEqual({ subpath, node10: declarations });
      if (esm.includes('*')) continue;
      const built = [esm, commonJs, declarations, esm.replace(/\.js$/, '.d.ts')];
      expect(tarball.files).toEqual(expect.arrayContaining(built.map((file) => file.replace('./', ''))));
    }
    expect(PACKAGE.exports['.']).toMatchObject({ default: PACKAGE.main });
  });

  it('what is imported for its effect alone is kept by bundlers', () => {
    const { import: esm, default: commonJs } = Object.fromEntries(MODULES)['./testing/jest'] ?? {};
    for (const entry of [esm, commonJs, ...Object.values(PACKAGE.bin)]) {
      expect(PACKAGE.sideEffects).toContain(entry);
    }
  });

  it('bundlers leave out what is not used, without a warning', () => {
    const bundled = (source: string) => {
      writeFileSync(join(directory, 'bundled.js'), source);
      const args = [
        'bundled.js',
        '--bundle',
        '--format=esm',
        '--platform=node',
        '--external:@*',
        '--log-level=warning',
      ];
      const esbuild = join(ROOT, 'node_modules/.bin/esbuild');
      const { stdout, stderr } = spawnSync(esbuild, args, { cwd: directory, encoding: 'utf8' });
      expect(stderr).toBe('');
      return stdout;
    };
    expect(bundled(`import { OperationsClient } from 'longrunning'`)).toBe('');
    const names = bundled(`export { parseOperationName } from 'longrunning'`);
    expect(names).toContain('is malformed');
    expect(names).not.toContain('@grpc/grpc-js');
    const stored = bundled(`export { sqliteStore } from 'longrunning/sqlite'`);
    expect(stored).not.toContain('@grpc/grpc-js');
    expect(bundled(`import 'longrunning/testing/jest'`)).toContain('expect.extend');
  });

  it('every source is in one module alone: a class is one class, whatever it is imported from', () => {
    const installed = join(directory, 'node_modules/longrunning');
    const sources = tarball.files
      .filter((file) => file.endsWith('.js.map'))
      .flatMap((file): string[] => {
        const map = JSON.parse(readFileSync(join(installed, file), 'utf8'));
        return map.sources.map((source: string) => join(dirname(file), source));
      });
    expect(sources).toEqual(expect.arrayContaining(['src/core/status.ts', 'generated/google/rpc/status.ts']));
    expect(sources).toEqual([...new Set(sources)]);
  });

  it('stack traces lead to the sources, and name classes as they are exported', () => {
    const script = `
      import * as client from 'longrunning';
      import * as server from 'longrunning/server';
      const classes = Object.entries({ ...client, ...server }).filter(([, value]) => /^class/.test(value));
      console.log(classes.filter(([name, value]) => value.name !== name).map(String));
      try { client.parseOperationName('') } catch (error) { console.log(error.stack) }`;
    const args = ['--enable-source-maps', '--input-type=module', '--eval', script];
    const said = execFileSync(process.execPath, args, { cwd: directory, encoding: 'utf8' });
    expect(said).toMatch(/^\[\]\nStatusError: resource name "" is malformed/);
    const line = readFileSync(join(ROOT, 'src/core/name.ts'), 'utf8')
      .split('\n')
      .indexOf('  checkOperationName(name, field);');
    expect(said).toContain(`src/core/name.ts:${line + 1}:`);
  });

  it('publint finds nothing', () => {
    execFileSync(join(ROOT, 'node_modules/.bin/publint'), ['run', '--strict', tarball.path]);
  });

  it('are the types wrong: no', () => {
    execFileSync(join(ROOT, 'node_modules/.bin/attw'), [tarball.path]);
  });

  it.each(Object.keys(RESOLUTIONS) as (keyof typeof RESOLUTIONS)[])(
    'resolution %s: every subpath and the example compile, strictly, without optional peers',
    (resolution) => {
      expect(compile(directory, resolution)).toBe('');
    },
  );

  it('every subpath is there, without optional peers; client and server run', () => {
    const run = (script: string) =>
      execFileSync(process.execPath, [join(directory, 'dist', script)], { encoding: 'utf8' });
    expect(compile(directory, 'nodenext')).toBe('');
    expect(run('everything.js')).toMatch(/^imported \d+, found \d+\n$/);
    expect(run('cancel.js')).toContain('Plans: cancelled\n');
  });

  it('require() gives every entry point, and the classes that import gives', () => {
    const required = join(directory, 'required.cjs');
    expect(execFileSync(process.execPath, [required], { encoding: 'utf8' })).toMatch(/^required \d+\n$/);
  });

  it('the CommonJS build has every name of the ESM build, and its errors are instances of the classes of both', () => {
    const others = MODULES.filter(([subpath, { import: esm }]) => !/\*|jest/.test(`${subpath}${esm}`));
    const script = `
      import { createRequire } from 'node:module';
      import { pathToFileURL } from 'node:url';
      const require = createRequire(import.meta.url);
      const load = (target) => import(pathToFileURL(require.resolve('longrunning/package.json').replace('package.json', target)));
      for (const { import: esm, default: commonJs } of ${JSON.stringify(others.map(([, target]) => target))}) {
        const [names, own] = [await load(esm), await load(commonJs)].map((module) => Object.keys(module));
        const missing = names.filter((name) => !own.includes(name));
        if (missing.length > 0) console.log(commonJs, 'lacks', missing);
      }
      const [esm, commonJs] = [await load('dist/src/index.js'), await load('dist/src/index.cjs')];
      const error = new commonJs.StatusError(5, 'gone');
      console.log(esm.StatusError === commonJs.StatusError, error instanceof esm.StatusError, String(error));
      console.log(esm.StatusError.from(error) === error);`;
    const args = ['--input-type=module', '--eval', script];
    const said = execFileSync(process.execPath, args, { cwd: directory, encoding: 'utf8' });
    expect(said).toBe('false true StatusError: gone\ntrue\n');
  });

  it('serve is ready before google-gax or tests for stores are loaded', async () => {
    const hook = `import { registerHooks } from 'node:module';
      registerHooks({ load(url, context, next) { process._rawDebug(url); return next(url, context) } });`;
    const main = join(directory, 'node_modules/longrunning/dist/src/cli/main.js');
    const args = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, main, 'serve'];
    const serving = spawn(process.execPath, [...args, '--address', '127.0.0.1:0']);
    let loaded = '';
    serving.stderr.setEncoding('utf8').on('data', (urls: string) => {
      loaded += urls;
    });
    await once(serving.stdout, 'data');
    serving.kill();
    await once(serving, 'close');
    expect(loaded).toContain('/node_modules/@grpc/grpc-js/');
    expect(loaded).not.toContain('/node_modules/google-gax/');
    expect(loaded).not.toContain('longrunning/dist/src/testing/index.js');
  });

  it('telemetry and metrics say what they lack when OpenTelemetry is not installed', () => {
    const script = `
      import { openTelemetry } from 'longrunning/opentelemetry';
      await openTelemetry().ready().catch(({ message }) => console.log(message));`;
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: directory,
      encoding: 'utf8',
    });
    expect(said).toContain(
      'package @opentelemetry/api is not installed, and openTelemetry() needs it: npm install @opentelemetry/api',
    );
    const main = join(directory, 'node_modules/longrunning/dist/src/cli/main.js');
    expect(() =>
      execFileSync(process.execPath, [main, 'serve', '--metrics'], { stdio: 'pipe', encoding: 'utf8' }),
    ).toThrow('npm install @opentelemetry/api @opentelemetry/sdk-metrics @opentelemetry/exporter-prometheus');
  });

  it('a client of Google APIs says what it lacks when google-gax is not installed', () => {
    const script = `
      import { googleOperationsClient } from 'longrunning/gax';
      await using client = googleOperationsClient({ apiEndpoint: '127.0.0.1:1' });
      await client.getOperation({ name: 'operations/1' }).catch(({ code, message }) => console.log(code, message));`;
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: directory,
      encoding: 'utf8',
    });
    expect(said).toBe(
      '9 package google-gax is not installed, and googleOperationsClient() without `auth` needs it: npm install google-gax\n',
    );
  });

  it('the plug-in says what it lacks when there is no protoplugin', () => {
    const plugin = join(directory, 'node_modules/longrunning/dist/src/codegen/protoc-gen-longrunning.js');
    expect(() => execFileSync(process.execPath, [plugin], { input: '', stdio: 'pipe' })).toThrow(
      'protoc-gen-longrunning needs @bufbuild/protoplugin: npm install --save-dev @bufbuild/protoplugin',
    );
  });
});
