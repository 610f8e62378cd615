import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { asBuffer } from './as-buffer.js';
import type { MessageType } from './operation-method.js';

/** A writer grows by doubling and keeps what it has grown to; after a message larger than this it is let go. */
const KEPT_BYTES = 64 * 1024;

/** The writer that is free to use. None while a message is being encoded, nor after one that failed halfway. */
let idleWriter: BinaryWriter | undefined;

/**
 * Encodes a message, with one writer for all: two to four times as fast as with a writer for each, whose buffer
 * begins small and is allocated and copied anew as it grows.
 */
export function encodeMessage<Message>(type: Pick<MessageType<Message>, 'encode'>, message: Message): Buffer {
  const writer = idleWriter ?? new BinaryWriter();
  idleWriter = undefined;
  const bytes = type.encode(message, writer).finish();
  if (bytes.byteLength <= KEPT_BYTES) idleWriter = writer;
  // `finish` gives a fresh array; a Buffer over it costs no copy.
  return asBuffer(bytes);
}
