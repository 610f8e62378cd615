import { isUint8Array } from 'node:util/types';
import { asBuffer } from './any.js';

const NO_BYTES = Buffer.alloc(0);
/** Either alphabet of RFC 4648 (section 4 or 5), with or without padding. */
const BASE64 = /^(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}$/;

/**
 * Reads bytes in any form produced by generators or JSON: `Uint8Array`, an array of numbers, Base64, `{ type:
 * 'Buffer', data }`, or an object with the keys 0, 1, 2, ….
 *
 * @returns undefined if the value is none of these.
 */
export function readBytes(value: unknown): Buffer | undefined {
  if (value === undefined || value === null) return NO_BYTES;
  if (isUint8Array(value)) return asBuffer(value);
  if (typeof value === 'string') return readBase64(value);
  if (typeof value !== 'object') return undefined;
  if (Array.isArray(value)) return readNumbers(value);
  const { type, data } = value as { readonly type?: unknown; readonly data?: unknown };
  if (type === 'Buffer' && Array.isArray(data)) return readNumbers(data);
  const keys = Object.keys(value);
  return keys.every((key, index) => key === String(index)) ? readNumbers(Object.values(value)) : undefined;
}

function readBase64(text: string): Buffer | undefined {
  if (!BASE64.test(text)) return undefined;
  // One surplus character carries only six bits, less than a byte.
  return text.replace(/=+$/, '').length % 4 === 1 ? undefined : Buffer.from(text, 'base64');
}

function readNumbers(numbers: readonly unknown[]): Buffer | undefined {
  const bytes = Buffer.alloc(numbers.length);
  for (const [index, number] of numbers.entries()) {
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 255)
      return undefined;
    bytes[index] = number;
  }
  return bytes;
}
