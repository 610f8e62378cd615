import { isMap, isUint8Array } from 'node:util/types';
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';

/** Keys with which generators annotate messages. */
const ANNOTATIONS = new Set(['$type', '$typeName', '$unknown', '_unknownFields']);

/**
 * Converts a message of any generator to JSON, without knowing its type: bytes become base64, and 64-bit integers and numbers
 * that JSON lacks become text. Returns an empty object for a value that is no message.
 */
export function plainJson(message: unknown): JsonObject {
  const json = toValue(message);
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {};
}

function toValue(value: unknown): JsonValue | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : jsonOf(value);
    case 'undefined':
    case 'function':
    case 'symbol':
      return undefined;
  }
}

/** Conversions that classes of messages and values have. */
interface Convertible {
  /** Set by `Long` of protobuf.js. */
  readonly __isLong__?: unknown;
  readonly toJSON?: unknown;
  /** Conversion of google-protobuf. */
  readonly toObject?: unknown;
}

function jsonOf(value: object): JsonValue | undefined {
  if (isUint8Array(value)) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((item) => toValue(item) ?? null);
  if (isMap(value)) return fieldsOf(Array.from(value, ([key, item]) => [String(key), item]));
  const { __isLong__: isLong, toJSON, toObject } = value as Convertible;
  if (isLong === true) return String(value);
  if (typeof toJSON === 'function') return toValue(toJSON.call(value));
  if (typeof toObject === 'function') return toValue(toObject.call(value));
  return fieldsOf(Object.entries(value));
}

function fieldsOf(entries: readonly (readonly [string, unknown])[]): JsonObject {
  return Object.fromEntries(
    entries.flatMap(([key, item]) => {
      const json = ANNOTATIONS.has(key) ? undefined : toValue(item);
      return json === undefined ? [] : [[key, json]];
    }),
  );
}
