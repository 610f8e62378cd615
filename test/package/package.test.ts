import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compile, PACKAGE, pack, RESOLUTIONS, ROOT, type Tarball, writeSources } from './consumer.js';

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
        'generated/descriptors-uncommented.binpb',
        'dist/generated/google/longrunning/operations.js',
        'dist/generated/example/reports/v1/reports.operations.js',
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
      ]),
    );
    const modules = tarball.files.filter((file) => file.endsWith('.js'));
    const maps = modules.map((file) => `${file}.map`);
    const entries = modules.filter((file) => !file.startsWith('dist/chunks/'));
    const declarations = entries.map((file) => file.replace(/\.js$/, '.d.ts'));
    expect(tarball.files).toEqual(expect.arrayContaining([...maps, ...declarations]));
  });

  it('what is imported for its effect alone is kept by bundlers', () => {
    for (const entry of [PACKAGE.exports['./testing/jest'], ...Object.values(PACKAGE.bin)]) {
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

  it('every source is in one module alone, and in its source map: a class is one class, whatever it is imported from', () => {
    const installed = join(directory, 'node_modules/longrunning');
    const sources = tarball.files
      .filter((file) => file.endsWith('.js.map'))
      .flatMap((file): string[] => {
        const map = JSON.parse(readFileSync(join(installed, file), 'utf8'));
        expect(map.sourcesContent).toHaveLength(map.sources.length);
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
      .findIndex((text) => text.startsWith('export function parseOperationName'));
    // Its first statement.
    expect(said).toContain(`src/core/name.ts:${line + 2}:`);
  });

  it('publint finds nothing', () => {
    execFileSync(join(ROOT, 'node_modules/.bin/publint'), ['run', '--strict', tarball.path]);
  });

  it('are the types wrong: no, for those who import', () => {
    // CommonJS has the package by require() of ECMAScript modules alone; descriptors are no module.
    const args = [tarball.path, '--profile', 'esm-only', '--exclude-entrypoints', 'descriptors'];
    execFileSync(join(ROOT, 'node_modules/.bin/attw'), args);
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

  it('serve is ready before YAML, its log or tests for stores are loaded', async () => {
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
    const needed = loaded;
    serving.kill();
    await once(serving, 'close');
    expect(needed).toContain('/node_modules/@grpc/grpc-js/');
    expect(needed).not.toMatch(/node_modules\/(yaml|pino|cli-progress|google-gax)\//);
    expect(needed).not.toContain('longrunning/dist/src/testing/index.js');
    // It says that it stops.
    expect(loaded.slice(needed.length)).toContain('/node_modules/pino/');
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

  it('the plug-in says what it lacks when there is no protoplugin', () => {
    const plugin = join(directory, 'node_modules/longrunning/dist/src/codegen/protoc-gen-longrunning.js');
    expect(() => execFileSync(process.execPath, [plugin], { input: '', stdio: 'pipe' })).toThrow(
      'protoc-gen-longrunning needs @bufbuild/protoplugin: npm install --save-dev @bufbuild/protoplugin',
    );
  });
});
