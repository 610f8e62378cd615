import { execFileSync } from 'node:child_process';
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
        'dist/generated/google/longrunning/operations.js',
        'dist/generated/example/reports/v1/reports.operations.js',
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
      ]),
    );
    const modules = tarball.files.filter((file) => file.endsWith('.js'));
    const beside = modules.flatMap((file) => [`${file}.map`, file.replace(/\.js$/, '.d.ts')]);
    expect(tarball.files).toEqual(expect.arrayContaining(beside));
  });

  it('what is imported for its effect alone is kept by bundlers', () => {
    for (const entry of [PACKAGE.exports['./testing/jest'], ...Object.values(PACKAGE.bin)]) {
      expect(PACKAGE.sideEffects).toContain(entry);
    }
  });

  it('source maps hold the sources', () => {
    const map = JSON.parse(
      readFileSync(join(directory, 'node_modules/longrunning/dist/src/index.js.map'), 'utf8'),
    );
    expect(map.sourcesContent).toHaveLength(map.sources.length);
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

  it('telemetry and metrics say what they lack when OpenTelemetry is not installed', () => {
    const script = `
      import { openTelemetry } from 'longrunning/opentelemetry';
      await openTelemetry().catch(({ message }) => console.log(message));`;
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
