import { BinaryReader } from '@bufbuild/protobuf/wire';

/**
 * Checks that bytes are whole fields from beginning to end. Generated decoders do not: they stop at a stray
 * zero and give out what came before as the message.
 *
 * @throws Error when the bytes are no protobuf message, or only a part of one.
 */
export function assertWireFormat(bytes: Uint8Array): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
  }
}
