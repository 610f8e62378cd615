import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescOneof,
  ScalarType,
} from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import type { Comments } from './comments.js';
import type { FieldBehavior } from './field-behavior.js';
import type { JsonSchema } from './json-schema.js';
import { scalarSchema } from './scalar-schema.js';
import { wellKnownSchema } from './well-known-schemas.js';

/** Request ids (AIP-155) are stored, so they consist of printable characters. */
const REQUEST_ID: JsonSchema = { type: 'string', pattern: '^[^\\u0000-\\u001F\\u007F-\\u009F]*$' };

const PAGE_SIZE: JsonSchema = { ...scalarSchema(ScalarType.INT32), minimum: 0, maximum: 2_147_483_647 };

/** Request fields of `Operations` that accept less than their type does. */
const REFINED: Readonly<Record<string, JsonSchema>> = {
  'google.longrunning.ListOperationsRequest.page_size': PAGE_SIZE,
  'google.longrunning.WaitOperationRequest.timeout': {
    type: 'string',
    description: 'Seconds, with up to nine decimals: `1.5s`.',
    pattern: '^[0-9]{1,11}(?:\\.[0-9]{1,9})?s$',
  },
};

/** Path to a field, in proto names. */
export type FieldNames = readonly string[];

/** Schemas of messages in ProtoJSON. Describes each message and enum once and refers to it elsewhere. */
export class MessageSchemas {
  readonly #comments: Comments;
  readonly #behaviorOf: (field: DescField) => FieldBehavior;
  readonly #schemas = new Map<string, JsonSchema>();

  constructor(comments: Comments, behaviorOf: (field: DescField) => FieldBehavior) {
    this.#comments = comments;
    this.#behaviorOf = behaviorOf;
  }

  /** All schemas described so far, by full name, sorted by name. */
  components(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries(Array.from(this.#schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Schema of a message. */
  ofMessage(type: DescMessage): JsonSchema {
    const wellKnown = wellKnownSchema(type);
    if (wellKnown && type.typeName !== AnySchema.typeName) return wellKnown;
    return this.#refer(type.typeName, () => wellKnown ?? this.#describeMessage(type));
  }

  /** Schema of an Any that holds a message of this type. */
  ofAny(type: DescMessage): JsonSchema {
    const any = this.ofMessage(AnySchema);
    return wellKnownSchema(type) ? any : { allOf: [any, this.ofMessage(type)] };
  }

  /**
   * Schema of a message in a request body. Omits the fields that the path binds, because the body need not repeat
   * them.
   *
   * @param bound - paths of the bound fields within the message, in proto names.
   */
  ofBody(type: DescMessage, bound: readonly FieldNames[]): JsonSchema {
    return bound.length === 0 || wellKnownSchema(type)
      ? this.ofMessage(type)
      : this.#describeMessage(type, bound);
  }

  /** Schema of a field, with the text of its comment. */
  ofField(field: DescField): JsonSchema {
    const schema = this.#ofValue(field);
    const { readOnly, writeOnly } = this.#behaviorOf(field);
    const description = this.#comments.of(field) ?? schema.description;
    return {
      ...schema,
      ...(description !== undefined && { description }),
      ...(field.deprecated && { deprecated: true }),
      ...(readOnly && { readOnly }),
      ...(writeOnly && { writeOnly }),
    };
  }

  /** Schema of a field's value, or of one item if the field is repeated. */
  ofItem(field: DescField): JsonSchema {
    const refined = REFINED[`${field.parent.typeName}.${field.name}`];
    if (refined) return refined;
    if (field.name === 'request_id' && field.scalar === ScalarType.STRING) return REQUEST_ID;
    if (field.scalar !== undefined) return scalarSchema(field.scalar);
    if (field.enum) return this.#ofEnum(field.enum);
    return field.message ? this.ofMessage(field.message) : {};
  }

  #ofValue(field: DescField): JsonSchema {
    switch (field.fieldKind) {
      case 'list':
        return { type: 'array', items: this.ofItem(field) };
      case 'map':
        return { type: 'object', additionalProperties: this.ofItem(field) };
      case 'scalar':
      case 'enum':
      case 'message':
        return this.ofItem(field);
    }
  }

  #ofEnum(type: DescEnum): JsonSchema {
    if (type.typeName === 'google.protobuf.NullValue') return { type: 'null' };
    return this.#refer(type.typeName, () => this.#describeEnum(type));
  }

  #refer(typeName: string, describe: () => JsonSchema): JsonSchema {
    if (!this.#schemas.has(typeName)) {
      // Registered before it is described, because a message may contain itself.
      this.#schemas.set(typeName, {});
      this.#schemas.set(typeName, describe());
    }
    return { $ref: `#/components/schemas/${typeName}` };
  }

  #describeMessage(type: DescMessage, bound: readonly FieldNames[] = []): JsonSchema {
    const oneofs = type.oneofs.map(atMostOne);
    const fields = type.fields.filter(({ name }) => !bound.some(([first, next]) => first === name && !next));
    const properties = Object.fromEntries(
      fields.map((field) => {
        const inner = bound.flatMap(([first, ...rest]) => (first === field.name ? [rest] : []));
        const isPartly = field.fieldKind === 'message' && inner.length > 0;
        const schema = isPartly ? this.ofBody(field.message, inner) : this.ofField(field);
        return [field.jsonName, nullable(schema)] as const;
      }),
    );
    return {
      type: 'object',
      ...this.#described(type),
      ...(fields.length > 0 && { properties }),
      ...(oneofs.length > 0 && { allOf: oneofs }),
    };
  }

  #describeEnum(type: DescEnum): JsonSchema {
    const { description = '', ...described } = this.#described(type);
    const values = type.values.flatMap((value) => {
      const comment = this.#comments.of(value);
      return comment === undefined ? [] : [`- \`${value.name}\`: ${comment.replaceAll(/\s+/g, ' ')}`];
    });
    const text = [description, values.join('\n')].filter(Boolean).join('\n\n');
    return {
      type: 'string',
      ...(text !== '' && { description: text }),
      ...described,
      enum: type.values.map(({ name }) => name),
    };
  }

  #described(type: DescEnum | DescMessage): Pick<JsonSchema, 'description' | 'deprecated'> {
    const description = this.#comments.of(type);
    return {
      ...(description !== undefined && { description }),
      ...(type.deprecated && { deprecated: true }),
    };
  }
}

/** ProtoJSON accepts null as the default of any field. */
function nullable(schema: JsonSchema): JsonSchema {
  const { $ref, type, ...others } = schema;
  if ($ref !== undefined) return { anyOf: [{ $ref }, { type: 'null' }], ...others };
  if (type === undefined) return schema;
  return { ...schema, type: Array.from(new Set([type, 'null' as const].flat())) };
}

/** Allows at most one field of a oneof. */
function atMostOne({ fields }: DescOneof): JsonSchema {
  const each = fields.map(({ jsonName }) => ({ required: [jsonName] }));
  return { oneOf: [...each, { not: { anyOf: each } }] };
}
