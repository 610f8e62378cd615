import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Any } from '../../generated/google/protobuf/any.js';
import type { MessageType } from './operation-method.js';

/** Fields that are read of a `google.protobuf.Any`. */
export interface PackedMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

const TYPE_URL_PREFIX = 'type.googleapis.com/';
/** Type URLs by codec, so that all kept messages of a type share one string. */
const typeUrls = new WeakMap<object, string>();

/** Packs a message into a `google.protobuf.Any` with a type URL under `type.googleapis.com/`. */
export function pack<Message>(type: MessageType<Message>, message: NoInfer<Message>): Any {
  return { typeUrl: typeUrlOf(type), value: encodeMessage(type, message) };
}

/** Packs encoded bytes into a `google.protobuf.Any` of the type with the given full name. */
export function packedAs(fullName: string, value: Buffer): Any {
  return { typeUrl: TYPE_URL_PREFIX + fullName, value };
}

/**
 * Unpacks an Any of the expected type.
 *
 * @throws TypeError if the value is not an Any of this type, or its bytes are malformed or went through JSON.
 * The message names both types if they differ.
 */
export function unpack<Message>(
  type: MessageType<Message>,
  any: { readonly typeUrl: string; readonly value: Uint8Array },
): Message {
  assertPacked(any);
  if (typeName(any) !== type.$type) {
    throw new TypeError(`Any holds ${any.typeUrl || 'no type'}, not ${type.$type}: unpack it as what it is`);
  }
  try {
    return type.decode(any.value);
  } catch (cause) {
    throw new TypeError(`Any of ${type.$type} is broken: ${String(cause)}`, { cause });
  }
}

function assertPacked(any: unknown): void {
  const { typeUrl, type_url, value, '@type': jsonType } = Object(any) as Readonly<Record<string, unknown>>;
  if (typeof jsonType === 'string') {
    throw new TypeError(
      `Any of ${jsonType} is ProtoJSON: read its fields as they are, or by fromJSON() of its type`,
    );
  }
  if (typeof typeUrl !== 'string') {
    const advice = type_url === undefined ? 'give { typeUrl, value }' : 'rename its type_url to typeUrl';
    throw new TypeError(`value is not an Any, it has no typeUrl: ${advice}`);
  }
  if (ArrayBuffer.isView(value)) return;
  const remedy =
    typeof value === 'string'
      ? "Buffer.from(value, 'base64')"
      : 'Buffer.from(value.data), or keep it in its encoded form';
  throw new TypeError(
    `Any of ${typeUrl} has no bytes, as after JSON.stringify: make them again by ${remedy}`,
  );
}

function typeUrlOf(type: Pick<MessageType<unknown>, '$type'>): string {
  const known = typeUrls.get(type);
  if (known !== undefined) return known;
  const typeUrl = TYPE_URL_PREFIX + type.$type;
  typeUrls.set(type, typeUrl);
  return typeUrl;
}

/** Returns the full name of the message in an Any: the part of its type URL after the last slash. */
export function typeName(any: Pick<PackedMessage, 'typeUrl'>): string {
  return any.typeUrl.slice(any.typeUrl.lastIndexOf('/') + 1);
}

/** Message types by full name, for unpacking an Any by its type URL. */
export class TypeRegistry {
  readonly #types: ReadonlyMap<string, MessageType<unknown>>;

  /** @param types - codecs; the last one wins if several have the same full name. */
  constructor(types: Iterable<MessageType<unknown>>) {
    this.#types = new Map(Array.from(types, (type) => [type.$type, type]));
  }

  /** Returns the type with the given full name, or undefined if it is not registered. */
  get(fullName: string): MessageType<unknown> | undefined {
    return this.#types.get(fullName);
  }

  /**
   * Returns the message in an Any, or undefined if its type is not registered.
   *
   * @throws TypeError if its bytes are malformed.
   */
  unpack(any: Any): unknown {
    assertPacked(any);
    const type = this.get(typeName(any));
    return type && unpack(type, any);
  }
}

/**
 * Largest message after which the shared writer is kept. A writer never shrinks, so a larger one is
 * discarded.
 */
const KEPT_BYTES = 64 * 1024;

/** Shared writer. Undefined while a message is being encoded and after an encoder threw. */
let idleWriter: BinaryWriter | undefined;

/**
 * Encodes a message with a shared writer. This is two to four times as fast as one writer per message, whose
 * small buffer is reallocated as it grows.
 */
export function encodeMessage<Message>(type: Pick<MessageType<Message>, 'encode'>, message: Message): Buffer {
  const writer = idleWriter ?? new BinaryWriter();
  idleWriter = undefined;
  const bytes = type.encode(message, writer).finish();
  if (bytes.byteLength <= KEPT_BYTES) idleWriter = writer;
  // `finish` returns a new array, so a Buffer over it needs no copy.
  return asBuffer(bytes);
}

/** Returns a Buffer that shares the memory of `bytes`. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Checks that bytes consist of complete protobuf fields. Generated decoders do not: they stop at a stray zero
 * and return the fields before it.
 *
 * @param maxFields - upper bound on the number of fields. Repeated occurrences count, fields of nested
 * messages do not.
 * @throws Error if the bytes are malformed or truncated, or have more fields.
 */
export function assertWireFormat(bytes: Uint8Array, maxFields = Number.POSITIVE_INFINITY): void {
  const reader = new BinaryReader(bytes);
  for (let fields = 1; reader.pos < reader.len; fields++) {
    if (fields > maxFields) throw new Error(`message has more than ${maxFields} fields: send fewer`);
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
  }
}
