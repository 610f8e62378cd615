import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { PackageDefinition } from '@grpc/proto-loader';
import { quoted, StatusError } from '../core/status.js';
import { completeDescriptors } from './complete-descriptors.js';
import { describeSchema } from './describe-schema.js';
import { fileRegistry } from './file-registry.js';
import { checkImports, defaultIncludeDirs, findIncluded } from './imports.js';
import { optionsOf } from './method-options.js';
import { type Schema, SchemaError } from './schema.js';

/** Options of {@link loadSchema}. */
export interface LoadSchemaOptions {
  /** Files to load: paths, or names relative to an include directory. */
  readonly files: readonly string[];
  /**
   * Directories to search for imports. The protos of this package (`google/longrunning`, `google/api`, `google/rpc`,
   * `google/type`), and those of google-gax if it is installed, are always searched last.
   *
   * @defaultValue none
   */
  readonly includeDirs?: readonly string[];
}

/** Files that every schema includes: operations and error details. */
const ALWAYS = ['google/longrunning/operations.proto', 'google/rpc/error_details.proto'];

/**
 * Loads .proto files and everything they import.
 *
 * If the `operation_info` of a method is missing or names unknown types, its `faults` report that.
 *
 * @throws SchemaError if a file is missing, an import cannot be resolved, or the syntax is wrong.
 *
 * @example
 * ```ts
 * const schema = await loadSchema({ files: ['acme/jobs/v1/jobs.proto'], includeDirs: ['protos'] });
 * ```
 */
export async function loadSchema({ files, includeDirs = [] }: LoadSchemaOptions): Promise<Schema> {
  const dirs = [...includeDirs.map((dir) => resolve(dir)), ...defaultIncludeDirs()];
  const paths = [...files, ...ALWAYS].map((file) => locate(file, dirs));
  checkImports(paths, dirs);
  const packageDefinition = await load([...new Set(paths)], dirs, files);
  const descriptors = fileDescriptors(packageDefinition);
  completeDescriptors(descriptors);
  const registry = fileRegistry(descriptors);
  return describeSchema(files, registry, (method) => optionsOf(method, packageDefinition));
}

function locate(file: string, dirs: readonly string[]): string {
  const path = existsSync(file) ? resolve(file) : findIncluded(file, dirs);
  if (path) return path;
  throw new SchemaError(
    `file ${quoted(file)} does not exist, neither as a path nor in ${dirs.join(', ')}: check its name and the include directories`,
  );
}

/**
 * Loads synchronously, because some errors of proto-loader's `load` cannot be caught and terminate the
 * process. Imports proto-loader lazily: most servers read no .proto files.
 */
async function load(
  paths: string[],
  includeDirs: string[],
  files: readonly string[],
): Promise<PackageDefinition> {
  const { loadSync } = await import('@grpc/proto-loader');
  try {
    return loadSync(paths, { keepCase: true, includeDirs });
  } catch (cause) {
    const fault = StatusError.from(cause).message;
    throw new SchemaError(
      `${files.join(', ')} cannot be loaded: ${fault}; correct the file or what it imports`,
      {
        cause,
      },
    );
  }
}

/** Returns the descriptors of all files. Every message and enum of a package definition carries them. */
function fileDescriptors(definition: PackageDefinition): FileDescriptorProto[] {
  for (const declared of Object.values(definition)) {
    if ('fileDescriptorProtos' in declared && Array.isArray(declared.fileDescriptorProtos)) {
      return declared.fileDescriptorProtos.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    }
  }
  return [];
}
