import {
  clone,
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  type JsonObject,
  type JsonValue,
  type JsonWriteOptions,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { type Any, AnySchema } from '@bufbuild/protobuf/wkt';
import { Operation } from '../../generated/google/longrunning/operations.js';

/** Options for writing ProtoJSON. */
export interface JsonOptions {
  /** Writes enums by number instead of by name. */
  readonly enumAsInteger: boolean;
  /**
   * Treatment of unknown types in details of a `google.rpc.Status`. `'omit'` drops them, for clients that
   * fail on unreadable details. `'bytes'` writes type and bytes, like any other Any.
   *
   * @defaultValue `'omit'`
   */
  readonly unknownDetails?: 'omit' | 'bytes';
}

const ANY = AnySchema.typeName;
const ERROR_DETAILS = 'google.rpc.Status.details';

const OPTIONS = { enumAsInteger: false, unknownDetails: 'bytes' } as const;

/**
 * Converts an operation to ProtoJSON. An Any of unknown type or with malformed bytes becomes `{"@type": …,
 * "value": "<base64>"}`, in metadata, response and error details.
 *
 * @param registry - registry of a {@link Schema}, which includes the type of operations.
 */
export function operationToJson(operation: Operation, registry: Registry): JsonObject {
  const type = registry.getMessage(Operation.$type);
  if (!type) throw new TypeError(`the registry has no ${Operation.$type}: take that of a schema`);
  const message = fromBinary(type, Operation.encode(operation).finish());
  return new TolerantJson(registry).write(type, message, OPTIONS) as JsonObject;
}

/**
 * Writes ProtoJSON, also for messages with an Any of unknown type or malformed bytes, at any depth. Such an
 * Any becomes `{"@type": …, "value": "<base64>"}`. {@link JsonOptions.unknownDetails} applies to details of a
 * `google.rpc.Status`.
 */
export class TolerantJson {
  readonly #registry: Registry;

  /** @param registry - known types. */
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /**
   * Writes a message.
   *
   * @throws Error if the message has a value without a ProtoJSON form, such as a time after the year 9999.
   */
  write(type: DescMessage, message: Message, options: JsonOptions): JsonValue {
    try {
      return toJson(type, message, this.#toJsonOptions(options));
    } catch {
      // Slow, and rarely needed.
      return this.#writeByField(type, message, options);
    }
  }

  /** Writes an Any. Returns undefined if its type is unknown or its bytes are malformed. */
  writeKnownAny(
    { typeUrl, value }: Pick<Any, 'typeUrl' | 'value'>,
    options: JsonOptions,
  ): JsonValue | undefined {
    const any = create(AnySchema, { typeUrl, value });
    try {
      return toJson(AnySchema, any, this.#toJsonOptions(options));
    } catch {
      return this.#writeAnyByField(any, options);
    }
  }

  #toJsonOptions({ enumAsInteger }: JsonOptions): Partial<JsonWriteOptions> {
    return { enumAsInteger, registry: this.#registry };
  }

  #writeByField(type: DescMessage, message: Message, options: JsonOptions): JsonValue {
    if (type.typeName === ANY) return this.#writeAny(message as Any, options);
    // Other well-known types contain no Any, so a failure in them is final.
    if (type.typeName.startsWith('google.protobuf.'))
      return toJson(type, message, this.#toJsonOptions(options));
    const whole = reflect(type, message);
    const plain = reflect(type, clone(type, message));
    const written = new Map<string, JsonValue>();
    for (const field of type.fields) {
      if (!field.message || !whole.isSet(field)) continue;
      plain.clear(field);
      const json = this.#writeField(field, whole, options);
      if (json !== undefined) written.set(field.jsonName, json);
    }
    const scalars = toJson(type, plain.message, this.#toJsonOptions(options)) as JsonObject;
    const names = plain.sortedFields.map(({ jsonName }) => jsonName);
    return Object.fromEntries(
      names.flatMap((name) => {
        const json = written.get(name) ?? scalars[name];
        return json === undefined ? [] : [[name, json]];
      }),
    );
  }

  /** Writes a field. Returns undefined if nothing is left to write. */
  #writeField(field: DescField, message: ReflectMessage, options: JsonOptions): JsonValue | undefined {
    const write = (inner: ReflectMessage) => this.write(inner.desc, inner.message, options);
    const isErrorDetails = `${field.parent.typeName}.${field.name}` === ERROR_DETAILS;
    switch (field.fieldKind) {
      case 'list': {
        const items = Array.from(message.get(field) as Iterable<ReflectMessage>);
        if (!isErrorDetails || options.unknownDetails === 'bytes') return items.map(write);
        const known = items.flatMap((item) => this.writeKnownAny(item.message as Any, options) ?? []);
        return known.length > 0 ? known : undefined;
      }
      case 'map': {
        const entries = message.get(field) as Iterable<[unknown, ReflectMessage]>;
        return Object.fromEntries(Array.from(entries, ([key, value]) => [String(key), write(value)]));
      }
      default:
        return write(message.get(field) as ReflectMessage);
    }
  }

  #writeAny(any: Any, options: JsonOptions): JsonValue {
    const known = this.writeKnownAny(any, options);
    return known ?? { '@type': any.typeUrl, value: Buffer.from(any.value).toString('base64') };
  }

  /** Writes an Any of known type that contains one of unknown type. */
  #writeAnyByField({ typeUrl, value }: Any, options: JsonOptions): JsonValue | undefined {
    const type = this.#registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
    if (!type) return undefined;
    try {
      const json = this.#writeByField(type, fromBinary(type, value), options);
      return type.typeName === ANY
        ? { '@type': typeUrl, value: json }
        : { '@type': typeUrl, ...(json as object) };
    } catch {
      return undefined;
    }
  }
}
