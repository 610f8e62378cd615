import { clone, create, type FileRegistry, toBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { completeDescriptors } from './complete-descriptors.js';
import { dependencyOrder } from './dependency-order.js';
import { describeSchema } from './describe-schema.js';
import { schemaOf } from './descriptor-schema.js';
import { fileRegistry } from './file-registry.js';
import { ownRegistry } from './own-registry.js';
import type { Schema } from './schema.js';
import { SchemaError } from './schema-error.js';

/**
 * The schema of files as server reflection gives them: in any order, without imports that this package has, or as
 * proto-loader writes them, with relative references and without options.
 *
 * @throws SchemaError when they cannot be read in either way.
 */
export function schemaOfFiles(files: readonly FileDescriptorProto[]): Schema {
  try {
    return schemaOf(
      toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: inOrder(files) })),
    );
  } catch (cause) {
    try {
      return schemaOfIncomplete(files);
    } catch {
      // What is wrong with files that proto-loader did not write is told by the first error.
      throw cause instanceof SchemaError ? cause : new SchemaError(String(cause), { cause });
    }
  }
}

/** Each file after those that it imports, together with imports that are missing. */
function inOrder(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const own = ownRegistry();
  const importsOf = ({ dependency }: FileDescriptorProto) =>
    dependency.flatMap((name) => byName.get(name) ?? importable(own, name) ?? []);
  return dependencyOrder(files, importsOf).flat();
}

function importable(own: FileRegistry, name: string): FileDescriptorProto | undefined {
  return own.getFile(name)?.proto;
}

/** Methods have lost their options, `operation_info` among them. */
function schemaOfIncomplete(files: readonly FileDescriptorProto[]): Schema {
  const copies = files.map((file) => clone(FileDescriptorProtoSchema, file));
  completeDescriptors(copies);
  const names = files.map(({ name }) => name);
  return describeSchema(names, fileRegistry(copies), () => ({}));
}
