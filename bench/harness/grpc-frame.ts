const HEAD_BYTES = 5;

/** A message as gRPC sends it: a byte for "not compressed", the length, the bytes. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(HEAD_BYTES + message.length);
  framed.writeUInt8(0);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, HEAD_BYTES);
  return framed;
}

/** The message of a call that has one, not compressed. */
export function messageIn(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return (chunks.length === 1 && first ? first : Buffer.concat(chunks)).subarray(HEAD_BYTES);
}
