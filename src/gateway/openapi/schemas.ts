import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescOneof,
  getOption,
  hasOption,
  type Message,
  type Registry,
  ScalarType,
  toJson,
} from '@bufbuild/protobuf';
import { AnySchema, isWrapperDesc } from '@bufbuild/protobuf/wkt';
import type { Comments } from './comments.js';
import type { JsonSchema } from './objects.js';

/** Shared context for describing one document. */
export interface Describing {
  readonly comments: Comments;
  readonly schemas: MessageSchemas;
  readonly operationTypesOf: (method: DescMethod) => OperationTypes | undefined;
}

/**
 * Types that a method's operations contain. A type is undefined if the descriptors do not declare or do not
 * contain it.
 */
export interface OperationTypes {
  readonly response: DescMessage | undefined;
  readonly metadata: DescMessage | undefined;
}

const OPERATION = 'google.longrunning.Operation';

/** Creates a reader of `google.longrunning.operation_info`. It returns undefined for methods without this option. */
export function operationTypesReader(registry: Registry): (method: DescMethod) => OperationTypes | undefined {
  const extension = registry.getExtension('google.longrunning.operation_info');
  const infoType = extension?.message;
  return (method) => {
    if (method.output.typeName !== OPERATION || !infoType || !hasOption(method, extension)) return undefined;
    const info = toJson(infoType, getOption(method, extension) as Message) as Readonly<
      Record<string, string>
    >;
    // AIP-151: a type of the same package may be referred to by its short name, any other by its full name.
    const typeOf = (name = '') =>
      registry.getMessage(`${method.parent.file.proto.package}.${name}`) ?? registry.getMessage(name);
    return { response: typeOf(info.responseType), metadata: typeOf(info.metadataType) };
  };
}

/** Direction of a field according to `google.api.field_behavior`. */
export interface FieldBehavior {
  /** OUTPUT_ONLY: only the server sets the field. */
  readonly readOnly: boolean;
  /** INPUT_ONLY: the server never returns the field. */
  readonly writeOnly: boolean;
}

const OUTPUT_ONLY = 3;
const INPUT_ONLY = 4;

/** Creates a reader of `google.api.field_behavior`, for descriptors that declare the extension. */
export function fieldBehaviorReader(registry: Registry): (field: DescField) => FieldBehavior {
  const extension = registry.getExtension('google.api.field_behavior');
  return (field) => {
    const annotated = extension && hasOption(field, extension);
    const behaviors = annotated ? Array.from(getOption(field, extension) as Iterable<number>) : [];
    return { readOnly: behaviors.includes(OUTPUT_ONLY), writeOnly: behaviors.includes(INPUT_ONLY) };
  };
}

const INT32: JsonSchema = { type: 'integer', format: 'int32' };
const UINT32: JsonSchema = { type: 'integer', format: 'uint32', minimum: 0, maximum: 4_294_967_295 };
/** 64-bit integers are strings because JavaScript numbers cannot hold all of them. */
const INT64: JsonSchema = { type: 'string', format: 'int64' };
const UINT64: JsonSchema = { type: 'string', format: 'uint64' };

/**
 * Schema of a scalar in ProtoJSON. NaN and the infinities, which are strings, are not described: client
 * generators would then not use a number type.
 */
export function scalarSchema(scalar: ScalarType): JsonSchema {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    case ScalarType.DOUBLE:
      return { type: 'number', format: 'double' };
    case ScalarType.FLOAT:
      return { type: 'number', format: 'float' };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return INT32;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return UINT32;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return INT64;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return UINT64;
  }
}

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
function wellKnownSchema(type: DescMessage): JsonSchema | undefined {
  if (!isWrapperDesc(type)) return SCHEMAS[type.typeName];
  const schema = scalarSchema(type.fields[0].scalar);
  return typeof schema.type === 'string' ? { ...schema, type: [schema.type, 'null'] } : schema;
}

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
export function nullable(schema: JsonSchema): JsonSchema {
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
