import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { complaints } from '../helpers/compiler.js';
import { writeFiles } from './buf.js';
import { type Block, blocksOf } from './document.js';

const DOCUMENT = 'docs/codegen.md';
const GENERATED = 'src/generated/acme/jobs/v1/jobs.operations.ts';
const PACKAGES = resolve('node_modules');
const recipes = blocksOf(DOCUMENT);

function blocks(heading: string, language: string): readonly Block[] {
  const found = recipes.get(heading)?.filter((block) => block.language === language) ?? [];
  if (found.length === 0) throw new Error(`${DOCUMENT} has no ${language} under ${heading}`);
  return found;
}

/** Returns its only block in a language. */
function block(heading: string, language: string): string {
  return blocks(heading, language)[0]?.text ?? '';
}

// One project follows the document from top to bottom.
describe(DOCUMENT, () => {
  let project: string;

  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'longrunning-recipes-'));
    writeFiles(project, { 'package.json': '{"type":"module"}', '.gitignore': 'node_modules\nbin\n' });
    install();
    for (const [, section] of recipes) {
      for (const { file, text } of section) if (file) writeFiles(project, { [file]: text });
    }
    for (const { text } of blocks('buf', 'sh')) sh(text);
    sh('git init -q; git add .; git -c user.name=a -c user.email=a@example.com commit -qm All');
    byBuf = read(GENERATED);
  });
  afterAll(() => rmSync(project, { recursive: true }));

  /** All development dependencies, and this package. */
  function install(): void {
    mkdirSync(join(project, 'node_modules/.bin'), { recursive: true });
    for (const name of readdirSync(PACKAGES)) {
      if (name !== '.bin') symlinkSync(join(PACKAGES, name), join(project, 'node_modules', name));
    }
    for (const name of readdirSync(join(PACKAGES, '.bin'))) {
      symlinkSync(join(PACKAGES, '.bin', name), join(project, 'node_modules/.bin', name));
    }
    symlinkSync(resolve('.'), join(project, 'node_modules/longrunning'));
    command(
      'node_modules/.bin/protoc-gen-longrunning',
      `exec node "${resolve('dist/src/codegen')}/protoc-gen-longrunning.js" "$@"`,
    );
    // npm takes longer to start than to do most of this.
    command('bin/npx', 'exec "$@"');
  }

  function command(path: string, text: string): void {
    writeFiles(project, { [path]: `#!/bin/sh\n${text}\n` });
    chmodSync(join(project, path), 0o755);
  }

  /** Runs a block. Packages that it installs must already be present. */
  function sh(text: string): string {
    const lines = text.replaceAll('\\\n', '').split('\n');
    for (const line of lines.filter((line) => line.startsWith('npm install'))) {
      const names = line
        .split(' ')
        .slice(2)
        .filter((word) => !word.startsWith('-'));
      expect(names.filter((name) => !existsSync(join(project, 'node_modules', name)))).toEqual([]);
    }
    const script = lines.filter((line) => !line.startsWith('npm install')).join('\n');
    const path = [join(project, 'bin'), join(project, 'node_modules/.bin'), process.env.PATH].join(delimiter);
    return execFileSync('sh', ['-ec', script], {
      cwd: project,
      encoding: 'utf8',
      env: { ...process.env, PATH: path },
      stdio: 'pipe',
    });
  }

  /** Returns the services in a descriptor set. */
  function servicesIn(file: string): string[] {
    const set = fromBinary(FileDescriptorSetSchema, readFileSync(join(project, file)));
    return set.file.flatMap(({ package: scope, service }) => service.map(({ name }) => `${scope}.${name}`));
  }

  const read = (file: string) => readFileSync(join(project, file), 'utf8');
  let byBuf = '';

  it('buf: generates code that compiles with the server and the client of the document', async () => {
    expect(byBuf).toContain('export const JobsOperations: {');
    expect(await complaints(project, ['src/server.ts', 'src/client.ts'])).toBe('');
  });

  it('protoc: generates the same', () => {
    rmSync(join(project, 'src/generated'), { recursive: true });
    sh(block('protoc', 'sh'));
    expect(read(GENERATED)).toBe(byBuf);
    expect(existsSync(join(project, 'src/generated/acme/jobs/v1/jobs.ts'))).toBe(true);
  });

  it('options: lists those of --help', () => {
    const help = sh('npx protoc-gen-longrunning --help');
    const [, table = ''] = readFileSync(DOCUMENT, 'utf8').split('## Options\n');
    const options = Array.from(table.matchAll(/^\| `(\w+)` \|/gm), ([, name]) => name);
    expect(Array.from(help.matchAll(/^ {2}(\w+)=/gm), ([, name]) => name)).toEqual(options);
  });

  it('errors: reports the error of the document', () => {
    const proto = 'protos/acme/jobs/v1/jobs.proto';
    const text = read(proto);
    writeFileSync(join(project, proto), text.replace('"RunJobResponse"', '"RunJobRespons"'));
    try {
      expect(() => sh('npx buf generate')).toThrow(block('Errors', 'text').trim());
    } finally {
      writeFileSync(join(project, proto), text);
    }
  });

  it('our protos as an include path: provide the HTTP rules of operations under a location', () => {
    sh(block('Our protos as an include path', 'sh'));
    expect(servicesIn('api.binpb')).toContain('google.longrunning.Operations');
    expect(readFileSync(join(project, 'api.binpb'), 'latin1')).toContain(
      '/v1/{name=projects/*/locations/*/operations/*}:cancel',
    );
  });

  it('the descriptor set: @bufbuild/protobuf and @grpc/proto-loader print the documented output', () => {
    const [protobuf, loader] = blocks('The descriptor set', 'sh');
    const expected = blocks('The descriptor set', 'text').map(({ text }) => text);
    expect([sh(protobuf?.text ?? ''), sh(loader?.text ?? '')]).toEqual(expected);
  });

  it('the descriptor set: contains the services in the Envoy configuration', () => {
    const { services } = parse(block('The descriptor set', 'yaml'));
    sh(blocks('The descriptor set', 'sh').at(-1)?.text ?? '');
    expect(servicesIn('api.binpb')).toEqual(expect.arrayContaining(services));
  });

  it('keeping generated code fresh: passes while it is, and fails after a proto changes', () => {
    const check = block('Keeping generated code fresh', 'sh');
    sh(
      'npx buf generate; git add .; git -c user.name=a -c user.email=a@example.com commit -qm All --allow-empty',
    );
    sh(check);
    const proto = join(project, 'protos/acme/jobs/v1/jobs.proto');
    writeFileSync(proto, readFileSync(proto, 'utf8').replaceAll('RunJob(', 'StartJob('));
    try {
      expect(() => sh(check)).toThrow();
    } finally {
      sh('git checkout -q .');
    }
  });
});
