import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { generateTypes, workspace } from '../codegen/buf.js';

/** The files of the example API and of operations, with all that they import. */
export const DESCRIPTORS = fromBinary(FileDescriptorSetSchema, readFileSync('generated/descriptors.binpb'));

const FILES = ['google/longrunning/operations.proto', 'example/reports/v1/reports.proto'];

/** Code that ts-proto generated, by file. */
export interface GeneratedModules {
  readonly operations: Readonly<Record<string, unknown>>;
  readonly reports: Readonly<Record<string, unknown>>;
}

/** Loads operations and the example API as ts-proto generates them with some options, besides `outputServices=grpc-js`. */
export function generateWith(options: readonly string[]): GeneratedModules {
  using at = workspace();
  generateTypes(DESCRIPTORS, FILES, at.dir, ['esModuleInterop=true', 'outputServices=grpc-js', ...options]);
  const [operations, reports] = FILES.map((file) => require(join(at.dir, file.replace('.proto', ''))));
  return { operations, reports };
}
