import {
  createFileRegistry,
  type DescMethod,
  getOption,
  hasOption,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf';
import { StatusError } from '../status.js';
import { describeSchema } from './describe-schema.js';
import type { MethodOptions } from './method-options.js';
import { ownRegistry } from './own-registry.js';
import { readDescriptors } from './read-descriptors.js';
import type { Schema } from './schema.js';
import { SchemaError } from './schema-error.js';

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
  const registry = createFileRegistry(operationsOf(own), given);
  const files = Array.from(given.files, ({ name }) => `${name}.proto`);
  return describeSchema(files, registry, (method) => optionsOf(method, own));
}

/** What any server has; not all that this package declares, for nobody asked for its example. */
function operationsOf(own: ReturnType<typeof ownRegistry>): ReturnType<typeof ownRegistry> {
  const wanted = ['google/longrunning/operations.proto', 'google/rpc/error_details.proto'];
  const registries = wanted.flatMap((name) => {
    const file = own.getFile(name);
    return file ? createFileRegistry(file.proto, (imported) => own.getFile(imported)) : [];
  });
  return createFileRegistry(...registries);
}

let operations: Schema | undefined;

/** The schema of a server that serves nothing but `google.longrunning.Operations`. */
export function operationsSchema(): Schema {
  const own = ownRegistry();
  operations ??= describeSchema([], operationsOf(own), (method) => optionsOf(method, own));
  return operations;
}

function readSet(bytes: Uint8Array): ReturnType<typeof readDescriptors> {
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
