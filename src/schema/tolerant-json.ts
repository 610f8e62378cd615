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

/** What there is to choose. */
export interface JsonOptions {
  /** Enums by number, not by name. */
  readonly enumAsInteger: boolean;
  /**
   * Details of a `google.rpc.Status` whose type is unknown: left out, for clients that fail on what they cannot read,
   * or as type and bytes, as every other Any.
   *
   * @defaultValue `'omit'`
   */
  readonly unknownDetails?: 'omit' | 'bytes';
}

const ANY = AnySchema.typeName;
const ERROR_DETAILS = 'google.rpc.Status.details';

/**
 * Writes ProtoJSON, also of messages with an Any, at any depth, whose type is unknown or whose bytes are
 * broken: it becomes `{"@type": …, "value": "<base64>"}`. {@link JsonOptions.unknownDetails} is about details of a
 * `google.rpc.Status`.
 */
export class TolerantJson {
  readonly #registry: Registry;

  /** @param registry - the types that are known. */
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** @throws Error when the message has a value that ProtoJSON has not, such as a time past the year 9999. */
  write(type: DescMessage, message: Message, options: JsonOptions): JsonValue {
    try {
      return toJson(type, message, this.#toJsonOptions(options));
    } catch {
      // Rarely needed, and slow.
      return this.#writeByField(type, message, options);
    }
  }

  /** An Any; undefined when its type is unknown or its bytes are broken. */
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
    // Other well-known types hold no Any: what fails in them fails for good.
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

  /** Undefined when nothing is left to write. */
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

  /** It may be known itself, and hold an Any that is not. */
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
