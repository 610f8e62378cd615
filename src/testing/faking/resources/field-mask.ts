import { clone, type DescField, type DescMessage, type Message } from '@bufbuild/protobuf';
import { type ReflectMap, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { nearest } from '../../../core/nearest.js';
import { invalidField, quoted } from '../../../core/status.js';

/**
 * Checks the paths of an update mask (AIP-134, AIP-161).
 *
 * @param paths - proto names, with dots for nested fields and map keys, or `*`.
 * @throws StatusError INVALID_ARGUMENT if a path names no field.
 */
export function checkMask(type: DescMessage, paths: readonly string[]): void {
  for (const path of paths) if (path !== '*') checkPath(type, path, path.split('.'));
}

function checkPath(type: DescMessage, path: string, [name = '', ...rest]: readonly string[]): void {
  const field = type.fields.find((candidate) => candidate.name === name);
  if (!field) {
    const near = nearest(
      name,
      type.fields.map((candidate) => candidate.name),
    );
    const advice = near === undefined ? 'use names of the .proto file' : `did you mean ${near}?`;
    throw invalidField(
      'update_mask',
      `update mask has path ${quoted(path)}, but ${type.typeName} has no field ${quoted(name)}: ${advice}`,
    );
  }
  if (rest.length === 0 || isOpaque(field)) return;
  if (field.fieldKind !== 'message') {
    const advice = `end the path at ${quoted(name)}`;
    throw invalidField(
      'update_mask',
      `update mask has path ${quoted(path)}, which goes through ${field}: ${advice}`,
    );
  }
  checkPath(field.message, path, rest);
}

/** Maps have keys instead of fields, and well-known types such as Struct have a form of their own. */
function isOpaque(field: DescField): boolean {
  return field.fieldKind === 'map' || Boolean(field.message?.typeName.startsWith('google.protobuf.'));
}

/**
 * Applies an update to the fields that a mask names (AIP-134). A named field that the update leaves unset is
 * cleared. `*` names all fields; an empty mask names those that are set.
 *
 * @param paths - proto names, with dots for nested fields and map keys.
 */
export function applyMask<Type extends DescMessage>(
  type: Type,
  resource: Message,
  update: Message,
  paths: readonly string[],
): Message {
  const merged = reflect(type, clone(type, resource as never));
  const given = reflect(type, clone(type, update as never));
  if (paths.length === 0) {
    for (const field of given.fields) if (given.isSet(field)) merged.set(field, given.get(field));
    return merged.message;
  }
  for (const path of paths) {
    if (path === '*') return given.message;
    copyField(merged, given, path.split('.'));
  }
  return merged.message;
}

function copyField(to: ReflectMessage, from: ReflectMessage, [name, ...rest]: readonly string[]): void {
  const field = to.fields.find((candidate) => candidate.name === name);
  if (!field) return;
  if (rest.length > 0 && field.fieldKind === 'map') copyKey(to.get(field), from.get(field), rest.join('.'));
  else if (rest.length > 0 && field.fieldKind === 'message' && !isOpaque(field)) {
    const inner = to.get(field);
    copyField(inner, from.get(field), rest);
    to.set(field, inner);
  } else if (from.isSet(field)) to.set(field, from.get(field));
  else to.clear(field);
}

function copyKey(to: ReflectMap, from: ReflectMap, key: string): void {
  const value = from.get(key);
  if (value === undefined) to.delete(key);
  else to.set(key, value);
}
