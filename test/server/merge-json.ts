import type { DescField, DescMessage, JsonObject, JsonValue } from '@bufbuild/protobuf';
import { findField, hasOwnJson } from '../../src/testing/faking/proto-json.js';

/** Model of merging: merges a change into the ProtoJSON of a message, by its descriptor. */
export function mergeJson(type: DescMessage, base: JsonValue, change: JsonValue): JsonValue {
  if (hasOwnJson(type) || !isObject(base) || !isObject(change)) return change;
  const merged = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(change)) {
    const field = findField(type, name);
    if (!field) continue;
    const before = takeOut(merged, field, type);
    merged.set(field.jsonName, before === undefined ? value : mergeField(field, before, value));
  }
  return Object.fromEntries(merged);
}

/** Removes a field in any spelling, and the other fields of its oneof. Returns the removed value. */
function takeOut(fields: Map<string, JsonValue>, field: DescField, type: DescMessage): JsonValue | undefined {
  let before: JsonValue | undefined;
  for (const [name, value] of fields) {
    const found = findField(type, name);
    if (found === field) before = value;
    if (found === field || (field.oneof && found?.oneof === field.oneof)) fields.delete(name);
  }
  return before;
}

function mergeField(field: DescField, before: JsonValue, value: JsonValue): JsonValue {
  switch (field.fieldKind) {
    case 'message':
      return mergeJson(field.message, before, value);
    case 'map':
      return isObject(before) && isObject(value) ? mergeMap(field.message, before, value) : value;
    case 'list':
    case 'enum':
    case 'scalar':
      return value;
  }
}

function mergeMap(type: DescMessage | undefined, base: JsonObject, change: JsonObject): JsonObject {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(change)) {
    const before = merged.get(key);
    merged.set(key, type && before !== undefined ? mergeJson(type, before, value) : value);
  }
  return Object.fromEntries(merged);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
