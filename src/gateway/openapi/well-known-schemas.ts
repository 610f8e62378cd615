import type { DescMessage } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import type { JsonSchema } from './json-schema.js';
import { scalarSchema } from './scalar-schema.js';

/** Well-known types that ProtoJSON has a form of its own for. */
const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  'google.protobuf.Any': {
    type: 'object',
    description:
      'A message of any type, which `@type` names: its fields, or `value` if its JSON is no object.',
    properties: {
      '@type': { type: 'string', description: '`type.googleapis.com/` and the full name of the type.' },
    },
    required: ['@type'],
    additionalProperties: true,
  },
  'google.protobuf.Duration': {
    type: 'string',
    description: 'Seconds, with up to nine decimals: `1.5s`.',
    // At most 315,576,000,000 seconds; a pattern says it to within 0.2 %.
    pattern: '^-?(?:[0-9]{1,11}|[12][0-9]{11}|3(?:0[0-9]|1[0-4])[0-9]{9})(?:\\.[0-9]{1,9})?s$',
  },
  'google.protobuf.FieldMask': {
    type: 'string',
    description: 'Names of fields, with commas between them: `displayName,labels`.',
  },
  'google.protobuf.ListValue': { type: 'array', items: {} },
  'google.protobuf.Struct': { type: 'object', additionalProperties: true },
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Value': {},
};

/** The schema of a well-known type with a JSON form of its own; undefined for any other message. */
export function wellKnownSchema(type: DescMessage): JsonSchema | undefined {
  if (!isWrapperDesc(type)) return SCHEMAS[type.typeName];
  const schema = scalarSchema(type.fields[0].scalar);
  return typeof schema.type === 'string' ? { ...schema, type: [schema.type, 'null'] } : schema;
}
