import type { DescMessage } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import type { JsonSchema } from './json-schema.js';
import { scalarSchema } from './scalar-schema.js';

/** Well-known types with a special form in ProtoJSON. */
const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  'google.protobuf.Any': {
    type: 'object',
    description:
      'Message of any type, named by `@type`: its fields, or `value` if its JSON is not an object.',
    properties: {
      '@type': {
        type: 'string',
        description: '`type.googleapis.com/` followed by the full name of the type.',
      },
    },
    required: ['@type'],
    additionalProperties: true,
  },
  'google.protobuf.Duration': {
    type: 'string',
    description: 'Seconds, with up to nine decimals: `1.5s`.',
    // At most 315,576,000,000 seconds. The pattern is accurate to 0.2 %.
    pattern: '^-?(?:[0-9]{1,11}|[12][0-9]{11}|3(?:0[0-9]|1[0-4])[0-9]{9})(?:\\.[0-9]{1,9})?s$',
  },
  'google.protobuf.FieldMask': {
    type: 'string',
    description: 'Names of fields, separated by commas: `displayName,labels`.',
  },
  'google.protobuf.ListValue': { type: 'array', items: {} },
  'google.protobuf.Struct': { type: 'object', additionalProperties: true },
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Value': {},
};

/** Schema of a well-known type with a special form in ProtoJSON, or undefined for any other message. */
export function wellKnownSchema(type: DescMessage): JsonSchema | undefined {
  if (!isWrapperDesc(type)) return SCHEMAS[type.typeName];
  const schema = scalarSchema(type.fields[0].scalar);
  return typeof schema.type === 'string' ? { ...schema, type: [schema.type, 'null'] } : schema;
}
