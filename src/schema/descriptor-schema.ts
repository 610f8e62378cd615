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
import type { MethodOptions } from './method-options.js';
import { ownRegistry } from './own-registry.js';
import { readDescriptors } from './read-descriptors.js';
import type { Schema } from './schema.js';
import { SchemaError } from './schema-error.js';

/** What any server has. */
const ALWAYS = ['google/longrunning/operations.proto', 'google/rpc/error_details.proto'];

/** The options that a schema goes by. */
const OPTIONS = ['google.longrunning.operation_info', 'google.api.http'];

/**
 * The schema of a `google.protobuf.FileDescriptorSet`, as `buf build -o` and `protoc --include_imports
 * --descriptor_set_out` write it.
 *
 * @throws SchemaError when the bytes are none, or a file imports one that is not in it.
 */
export function schemaOf(descriptorSet: Uint8Array): Schema {
  const own = ownRegistry();
  const given = readSet(descriptorSet);
  const registry = createFileRegistry(withImports(ALWAYS, own), given);
  const files = Array.from(given.files, ({ name }) => `${name}.proto`);
  return describeSchema(files, registry, (method) => optionsOf(method, own));
}

/** These files alone, and what they import: not all that this package declares is always asked for. */
function withImports(files: readonly string[], own: FileRegistry): FileRegistry {
  const registries = files.flatMap((name) => {
    const file = own.getFile(name);
    return file ? createFileRegistry(file.proto, (imported) => own.getFile(imported)) : [];
  });
  return createFileRegistry(...registries);
}

let operations: Schema | undefined;

/** The schema of a server that serves nothing but `google.longrunning.Operations`. */
export function operationsSchema(): Schema {
  operations ??= ownSchema();
  return operations;
}

/** The schema of files of this package, which need not be parsed for it. */
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

/** As proto-loader gives them. Extensions are read by our descriptors, for a set may leave out theirs. */
function optionsOf(method: DescMethod, extensions: Registry): MethodOptions {
  const set = OPTIONS.flatMap((name) => {
    const extension = extensions.getExtension(name);
    if (!extension?.message || !hasOption(method, extension)) return [];
    const option = getOption(method, extension) as Message;
    return [[`(${name})`, toJson(extension.message, option, { useProtoFieldName: true })]];
  });
  return Object.fromEntries(set);
}
