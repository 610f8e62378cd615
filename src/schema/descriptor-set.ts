import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { OWN_DESCRIPTORS } from '../../generated/own-descriptors.js';
import { StatusError } from '../core/status.js';
import { packageRoot } from './package-root.js';

let own: FileRegistry | undefined;
let commented: FileRegistry | undefined;

/**
 * Returns the registry of this package's files, with HTTP rules and the `google.rpc` error details, but
 * possibly without comments.
 */
export function ownRegistry(): FileRegistry {
  own ??= commented ?? readDescriptors(Buffer.from(OWN_DESCRIPTORS, 'base64'));
  return own;
}

/**
 * Returns the same registry with comments, which take longer to read than the rest. In a bundle that is deployed without
 * the package, there are no comments.
 */
function commentedOwnRegistry(): FileRegistry {
  const bytes = commented ? undefined : commentedDescriptors();
  if (bytes) commented = readDescriptors(bytes);
  return commented ?? ownRegistry();
}

const OPERATIONS_FILE = 'google/longrunning/operations';

/** Registry of the file that declares `google.longrunning.Operations`, with its imports. */
function operationsRegistry(): FileRegistry {
  const registry = commentedOwnRegistry();
  const file = registry.getFile(`${OPERATIONS_FILE}.proto`);
  return file ? createFileRegistry(file.proto, (name) => registry.getFile(name)) : registry;
}

/**
 * Returns the registry of descriptors; without any, that of `google.longrunning.Operations`.
 *
 * @throws TypeError if the descriptors are invalid.
 */
export function registryOf(descriptors: Uint8Array | FileRegistry | undefined): FileRegistry {
  if (descriptors === undefined) return operationsRegistry();
  return descriptors instanceof Uint8Array ? readDescriptors(descriptors) : descriptors;
}

/**
 * Reads a `google.protobuf.FileDescriptorSet`.
 *
 * @throws TypeError if the bytes are malformed, or a file imports one that is not in the set.
 */
export function readDescriptors(bytes: Uint8Array): FileRegistry {
  try {
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  } catch (cause) {
    const { message } = StatusError.from(cause);
    throw new TypeError(
      `descriptors are not a complete FileDescriptorSet: ${message}; make them with \`buf build -o\` or \`protoc --include_imports --descriptor_set_out\``,
      { cause },
    );
  }
}

/** Reads the descriptors that this package exports; undefined in a bundle. */
function commentedDescriptors(): Uint8Array | undefined {
  const root = packageRoot();
  return root === undefined ? undefined : readFileSync(join(root, 'generated/descriptors.binpb'));
}
