const UNPRINTABLE = 'unprintable value';
const ELLIPSIS = '…';

/**
 * Converts any value to well-formed text, with lone surrogates replaced. Never throws, even for objects
 * without a prototype, throwing `toString` methods and revoked proxies.
 */
export function toText(value: unknown): string {
  try {
    return (typeof value === 'string' ? value : String(value)).toWellFormed();
  } catch {
    return UNPRINTABLE;
  }
}

/** Returns the message of an Error, or any other value as text. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return toText(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return UNPRINTABLE;
  }
}

/**
 * Reads a property of any value. Returns undefined for null and undefined, and if a getter or a proxy trap
 * throws.
 */
export function readProperty(value: unknown, key: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[key];
  } catch {
    return undefined;
  }
}

/** Returns the length of well-formed text in UTF-8, in bytes. */
export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text);
}

/** Returns the length of well-formed text in a percent-encoded header such as `grpc-message`, in bytes. */
export function percentEncodedBytes(text: string): number {
  return encodeURI(text).length;
}

/** Upper bound on the encoded bytes of one UTF-16 code unit, in either encoding. */
const MAX_BYTES_PER_UNIT = 9;

/**
 * Truncates text to `maxBytes` of its encoding, at a character boundary. Truncated text ends with an
 * ellipsis, lone surrogates are replaced.
 */
export function clipText(text: string, maxBytes: number, encodedBytes: (text: string) => number): string {
  const wellFormed = text.toWellFormed();
  if (wellFormed.length * MAX_BYTES_PER_UNIT <= maxBytes) return wellFormed;
  if (wellFormed.length <= maxBytes && encodedBytes(wellFormed) <= maxBytes) return wellFormed;
  let room = maxBytes - encodedBytes(ELLIPSIS);
  let kept = 0;
  for (const character of wellFormed) {
    room -= encodedBytes(character);
    if (room < 0) break;
    kept += character.length;
  }
  return wellFormed.slice(0, kept) + ELLIPSIS;
}
