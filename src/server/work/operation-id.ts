import { randomFillSync } from 'node:crypto';
import { notPromised } from '../../core/contain.js';
import { checkOperationName, formatOperationName } from '../../core/name.js';

/** 128 bits make ids unguessable (contract 1). */
const ID_BYTES = 16;
/** Random bytes for 128 ids, because one system call costs more than the rest of an id. */
const bytes = Buffer.alloc(128 * ID_BYTES);
let used = bytes.length;

/** Returns an unguessable operation id of 32 hexadecimal digits. */
export function randomId(): string {
  if (used === bytes.length) {
    randomFillSync(bytes);
    used = 0;
  }
  used += ID_BYTES;
  return bytes.toString('hex', used - ID_BYTES, used);
}

/**
 * Wraps the option `newId` with a check of the returned ids.
 *
 * @returns a function that throws TypeError unless the id is a string that can be the last segment of a name.
 */
export function checkedId(newId: () => string): () => string {
  return () => {
    const id: unknown = notPromised(newId(), 'the id that option newId returned');
    if (typeof id !== 'string') {
      throw new TypeError(
        `option newId returned ${id === null ? 'null' : `a value of type ${typeof id}`}: return a string`,
      );
    }
    if (id.includes('/'))
      throw new TypeError('option newId returned an id with a slash: return a single segment of a name');
    try {
      checkOperationName(formatOperationName({ parent: '', id }));
    } catch (cause) {
      throw new TypeError('option newId returned an id that cannot be part of a name: see the cause', {
        cause,
      });
    }
    return id;
  };
}
