import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  createFileRegistry,
  createRegistry,
  type FileRegistry,
  fromBinary,
  type Registry,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { WELL_KNOWN_FILES } from '../schema/well-known-files.js';
import { StatusError } from '../status.js';

const OPERATIONS_FILE = 'google/longrunning/operations';

let own: FileRegistry | undefined;

/** What this package declares, with its HTTP rules, and the error details of `google.rpc`. */
function ownRegistry(): FileRegistry {
  own ??= readDescriptors(readFileSync(createRequire(import.meta.url).resolve('longrunning/descriptors')));
  return own;
}

/** The file that declares `google.longrunning.Operations`, and what it imports. */
export function operationsRegistry(): FileRegistry {
  const registry = ownRegistry();
  const file = registry.getFile(`${OPERATIONS_FILE}.proto`);
  return file ? createFileRegistry(file.proto, (name) => registry.getFile(name)) : registry;
}

/**
 * Reads a `google.protobuf.FileDescriptorSet`.
 *
 * @throws TypeError when the bytes are none, or a file imports one that is not in it.
 */
export function readDescriptors(bytes: Uint8Array): FileRegistry {
  try {
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  } catch (cause) {
    const { message } = StatusError.from(cause);
    throw new TypeError(
      `descriptors are no whole FileDescriptorSet: ${message}; make them with \`buf build -o\` or \`protoc --include_imports --descriptor_set_out\``,
      { cause },
    );
  }
}

/** The types that an Any may hold: those served, and those that anybody may use. */
export function knownTypes(served: FileRegistry): Registry {
  return createRegistry(...WELL_KNOWN_FILES, ownRegistry(), served);
}
