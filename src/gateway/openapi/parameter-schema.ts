import type { DescField } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import type { JsonSchema } from './json-schema.js';
import type { MessageSchemas } from './message-schemas.js';
import { scalarSchema } from './scalar-schema.js';

/** Schema of a field as a path or query parameter, where null does not exist. */
export function parameterSchema(field: DescField, schemas: MessageSchemas): JsonSchema {
  const isWrapper = field.message && isWrapperDesc(field.message);
  const item = isWrapper ? scalarSchema(field.message.fields[0].scalar) : schemas.ofItem(field);
  return field.fieldKind === 'list' ? { type: 'array', items: item } : item;
}
