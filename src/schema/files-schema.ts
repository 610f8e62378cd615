import { clone, create, type FileRegistry, toBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { completeDescriptors } from './complete-descriptors.js';
import { describeSchema } from './describe-schema.js';
import { schemaOf } from './descriptor-schema.js';
import { ownRegistry } from './descriptor-set.js';
import { dependencyOrder, fileRegistry } from './file-registry.js';
import { type Schema, SchemaError } from './schema.js';

/**
 * Builds the schema of files from server reflection. They may be in any order and may lack imports that this
 * package has. Files from proto-loader have relative references and no options.
 *
 * @throws SchemaError if the files can be read in neither way.
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
      // For files that proto-loader did not write, the first error describes the problem.
      throw cause instanceof SchemaError ? cause : new SchemaError(String(cause), { cause });
    }
  }
}

/** Sorts files after their imports, and adds missing imports. */
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

/** Builds the schema of files whose methods have lost their options, including `operation_info`. */
function schemaOfIncomplete(files: readonly FileDescriptorProto[]): Schema {
  const copies = files.map((file) => clone(FileDescriptorProtoSchema, file));
  completeDescriptors(copies);
  const names = files.map(({ name }) => name);
  return describeSchema(names, fileRegistry(copies), () => ({}));
}
