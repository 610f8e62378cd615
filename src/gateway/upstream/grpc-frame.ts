/** Length of a gRPC message prefix: one byte for the compression flag, four for the length. */
const PREFIX_BYTES = 5;

/** Encodes an uncompressed gRPC message with its prefix. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed.writeUInt8(0);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/**
 * Decodes bytes that contain exactly one message. Returns undefined for anything else and for compressed
 * messages.
 */
export function unframe(bytes: Buffer): Buffer | undefined {
  const isFrame =
    bytes.length >= PREFIX_BYTES &&
    bytes.readUInt8() === 0 &&
    bytes.readUInt32BE(1) === bytes.length - PREFIX_BYTES;
  return isFrame ? bytes.subarray(PREFIX_BYTES) : undefined;
}

const MOST_DIGITS = 8;

/** Formats a deadline for `grpc-timeout`: at most eight digits and a unit. */
export function grpcTimeout(deadline: number, now: number): string {
  const leftMs = Math.max(0, Math.ceil(deadline - now));
  return String(leftMs).length <= MOST_DIGITS ? `${leftMs}m` : `${Math.ceil(leftMs / 1000)}S`;
}
