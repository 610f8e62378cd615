import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  type CodeGeneratorResponse,
  CodeGeneratorResponseSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { linkPackages } from '../helpers/compiler.js';

const ROOT = resolve(__dirname, '../..');
const GAX = 'node_modules/google-gax/build/protos';
const GKE = 'node_modules/@google-cloud/gkemulticloud/build/protos';

/** All protos of google-gax and the GKE Multi-Cloud client that compile with the files they ship. */
export const GOOGLE_MODULES = [
  // Tests of protoc, whose imports are not shipped.
  { path: GAX, excludes: [`${GAX}/google/protobuf/compiler/ruby`, `${GAX}/google/protobuf/util`] },
  { path: GKE },
];

/** Options of ts-proto: those in buf.gen.yaml that determine the form of codecs. */
const TS_PROTO_OPTIONS = [
  'esModuleInterop=true',
  'outputServices=grpc-js',
  'oneof=unions-value',
  'env=node',
  'importSuffix=.js',
  'outputTypeAnnotations=static-only',
  'useExactTypes=false',
];

/** Temporary directory of an ECMAScript package in which code compiles. */
export interface Workspace extends Disposable {
  readonly dir: string;
}

export function workspace(files: Readonly<Record<string, string>> = {}): Workspace {
  const dir = mkdtempSync(join(tmpdir(), 'longrunning-codegen-'));
  writeFiles(dir, { 'package.json': '{"type":"module"}', ...files });
  linkPackages(dir);
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}

export function writeFiles(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
}

/** Compiles files of a directory, which may import those of google-gax. */
export function compile(dir: string, files: readonly string[]): FileDescriptorSet {
  const output = join(dir, 'descriptors.binpb');
  const include = ['-I', dir, '-I', join(ROOT, GAX)];
  buf(
    ['alpha', 'protoc', ...include, '--include_imports', '--include_source_info', '-o', output, ...files],
    dir,
  );
  return fromBinary(FileDescriptorSetSchema, readFileSync(output));
}

/** Compiles modules of development dependencies. */
export function compileModules(modules: readonly object[]): FileDescriptorSet {
  const config = JSON.stringify({ version: 'v2', modules });
  return fromBinary(FileDescriptorSetSchema, buf(['build', '--config', config, '-o', '-'], ROOT));
}

/** Builds the request that a compiler sends to a plug-in. */
export function requestFor(
  { file }: FileDescriptorSet,
  fileToGenerate: readonly string[],
  parameter = '',
): CodeGeneratorRequest {
  return create(CodeGeneratorRequestSchema, {
    protoFile: file,
    fileToGenerate: [...fileToGenerate],
    parameter,
  });
}

/** Generates code with ts-proto for files and their imports. */
export function generateTypes(
  descriptors: FileDescriptorSet,
  files: readonly string[],
  dir: string,
  options: readonly string[] = TS_PROTO_OPTIONS,
): void {
  const parameter = options.join(',');
  const request = toBinary(CodeGeneratorRequestSchema, requestFor(descriptors, files, parameter));
  const plugin = join(ROOT, 'node_modules/ts-proto/protoc-gen-ts_proto');
  const response = execFileSync(process.execPath, [plugin], { input: request, maxBuffer: 2 ** 28 });
  writeResponse(dir, fromBinary(CodeGeneratorResponseSchema, response));
}

/** Writes the files in a plug-in's response. */
export function writeResponse(dir: string, { error, file }: CodeGeneratorResponse): string[] {
  if (error !== '') throw new Error(error);
  writeFiles(dir, Object.fromEntries(file.map(({ name, content }) => [name, content])));
  return file.map(({ name }) => name);
}

/** Runs buf with the package commands on its path. */
function buf(args: readonly string[], cwd: string): Uint8Array {
  const bin = join(ROOT, 'node_modules/.bin');
  const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
  return execFileSync(join(bin, 'buf'), args, {
    cwd,
    env,
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
