/** A field by its path, such as `controlPlane.version`, and its value as text. */
export type Field = readonly [path: string, value: string];

/** The fields of a message in ProtoJSON, at every depth. */
export function fieldsOf(message: object, prefix = ''): Field[] {
  return Object.entries(message).flatMap(([key, item]): Field[] => {
    if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
      return fieldsOf(item, `${prefix}${key}.`);
    }
    return [[prefix + key, typeof item === 'string' ? item : JSON.stringify(item)]];
  });
}

/** Those fields of a message that it did not have before, or had with another value. */
export function changedFields(before: object, after: object): Field[] {
  const known = new Map(fieldsOf(before));
  return fieldsOf(after).filter(([path, value]) => known.get(path) !== value);
}
