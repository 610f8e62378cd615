import { BinaryReader } from '@bufbuild/protobuf/wire';

/**
 * Checks that bytes are whole fields from beginning to end. Generated decoders do not: they stop at a stray
 * zero and give out what came before as the message.
 *
 * @param maxFields - upper bound on the fields, each occurrence of one counted; those within fields do not count.
 * @throws Error when the bytes are no protobuf message, or only a part of one, or it has more fields.
 */
export function assertWireFormat(bytes: Uint8Array, maxFields = Number.POSITIVE_INFINITY): void {
  const reader = new BinaryReader(bytes);
  for (let fields = 1; reader.pos < reader.len; fields++) {
    if (fields > maxFields) throw new Error(`message has more than ${maxFields} fields: send fewer`);
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
  }
}
