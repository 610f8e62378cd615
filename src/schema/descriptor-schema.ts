import {
  createFileRegistry,
  type DescMethod,
  type FileRegistry,
  getOption,
  hasOption,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf';
import { StatusError } from '../core/status.js';
import { describeSchema } from './describe-schema.js';
import { ownRegistry, readDescriptors } from './descriptor-set.js';
import type { MethodOptions } from './method-options.js';
import { type Schema, SchemaError } from './schema.js';

/** Files that every schema includes. */
const ALWAYS = ['google/longrunning/operations.proto', 'google/rpc/error_details.proto'];

/** Method options that a schema depends on. */
const OPTIONS = ['google.longrunning.operation_info', 'google.api.http'];

/**
 * Builds the schema of a `google.protobuf.FileDescriptorSet`, as written by `buf build -o` and `protoc
 * --include_imports --descriptor_set_out`.
 *
 * @throws SchemaError if the bytes are malformed, or a file imports one that is not in the set.
 */
export function schemaOf(descriptorSet: Uint8Array): Schema {
  const own = ownRegistry();
  const given = readSet(descriptorSet);
  const registry = createFileRegistry(withImports(ALWAYS, own), given);
  const files = Array.from(given.files, ({ name }) => `${name}.proto`);
  return describeSchema(files, registry, (method) => optionsOf(method, own));
}

/** Returns a registry of these files and their imports only, instead of all files of this package. */
function withImports(files: readonly string[], own: FileRegistry): FileRegistry {
  const registries = files.flatMap((name) => {
    const file = own.getFile(name);
    return file ? createFileRegistry(file.proto, (imported) => own.getFile(imported)) : [];
  });
  return createFileRegistry(...registries);
}

let operations: Schema | undefined;

/** Returns the schema of a server that provides only `google.longrunning.Operations`. */
export function operationsSchema(): Schema {
  operations ??= ownSchema();
  return operations;
}

/** Returns the schema of files of this package. They need no parsing. */
export function ownSchema(...files: readonly string[]): Schema {
  const own = ownRegistry();
  return describeSchema(files, withImports([...ALWAYS, ...files], own), (method) => optionsOf(method, own));
}

function readSet(bytes: Uint8Array): FileRegistry {
  try {
    return readDescriptors(bytes);
  } catch (cause) {
    throw new SchemaError(StatusError.from(cause).message, { cause });
  }
}

/**
 * Returns method options in the form of proto-loader. Reads extensions with our descriptors, because a set
 * may omit theirs.
 */
function optionsOf(method: DescMethod, extensions: Registry): MethodOptions {
  const set = OPTIONS.flatMap((name) => {
    const extension = extensions.getExtension(name);
    if (!extension?.message || !hasOption(method, extension)) return [];
    const option = getOption(method, extension) as Message;
    return [[`(${name})`, toJson(extension.message, option, { useProtoFieldName: true })]];
  });
  return Object.fromEntries(set);
}
