import { clone, type DescMessage, type Message } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';

/**
 * Applies an update to the fields that a mask names (AIP-134). A named field that the update leaves unset is
 * cleared. `*` names all fields; an empty mask names those that are set.
 *
 * @param paths - proto names, with dots for nested fields.
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
  if (rest.length > 0 && field.fieldKind === 'message') {
    const inner = to.get(field);
    copyField(inner, from.get(field), rest);
    to.set(field, inner);
  } else if (from.isSet(field)) to.set(field, from.get(field));
  else to.clear(field);
}
