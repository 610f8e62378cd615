import { createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { StatusError } from '../core/status.js';

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
