import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { StatusError } from '../core/status.js';

let own: FileRegistry | undefined;
let commented: FileRegistry | undefined;

/**
 * Returns the registry of this package's files, with HTTP rules and the `google.rpc` error details, but
 * possibly without comments.
 */
export function ownRegistry(): FileRegistry {
  own ??=
    commented ?? readDescriptors(readFileSync(join(dirname(descriptors()), 'descriptors-uncommented.binpb')));
  return own;
}

/** Returns the same registry with comments, which take longer to read than the rest. */
export function commentedOwnRegistry(): FileRegistry {
  commented ??= readDescriptors(readFileSync(descriptors()));
  return commented;
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

/** Returns the path of the descriptors that this package exports. */
function descriptors(): string {
  return createRequire(import.meta.url).resolve('longrunning/descriptors');
}
