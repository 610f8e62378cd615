import { randomFillSync } from 'node:crypto';

/** 128 bits, so that nobody guesses one (contract 1). */
const ID_BYTES = 16;
/** The system is asked for many at once: asking costs more than the rest of an id. */
const bytes = Buffer.alloc(128 * ID_BYTES);
let used = bytes.length;

/** An unguessable id for an operation: 32 hexadecimal digits. */
export function randomId(): string {
  if (used === bytes.length) {
    randomFillSync(bytes);
    used = 0;
  }
  used += ID_BYTES;
  return bytes.toString('hex', used - ID_BYTES, used);
}
