import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Any } from '../../generated/google/protobuf/any.js';
import type { MessageType } from './operation-method.js';

/** What is read of a `google.protobuf.Any`. */
export interface PackedMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

const TYPE_URL_PREFIX = 'type.googleapis.com/';
/** One string for each type, and not one for each message that is kept. */
const typeUrls = new WeakMap<object, string>();

/** Packs a message into a `google.protobuf.Any`, with a type URL of `type.googleapis.com/`. */
export function pack<Message>(type: MessageType<Message>, message: NoInfer<Message>): Any {
  return { typeUrl: typeUrlOf(type), value: encodeMessage(type, message) };
}

/** Packs encoded bytes into a `google.protobuf.Any` of a type, by its full name. */
export function packedAs(fullName: string, value: Buffer): Any {
  return { typeUrl: TYPE_URL_PREFIX + fullName, value };
}

/**
 * Unpacks an Any of the expected type.
 *
 * @throws TypeError that names both types when the Any holds another one, or says that it is no Any, or that its bytes
 * are broken or went through JSON.
 */
export function unpack<Message>(type: MessageType<Message>, any: PackedMessage): Message {
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
    throw new TypeError(`value is no Any, it has no typeUrl: ${advice}`);
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

/** The full name of the message that an Any holds: what follows the last slash of its type URL. */
export function typeName(any: Pick<PackedMessage, 'typeUrl'>): string {
  return any.typeUrl.slice(any.typeUrl.lastIndexOf('/') + 1);
}

/** Message types by full name, to unpack an Any whose type only its URL tells. */
export class TypeRegistry {
  readonly #types: ReadonlyMap<string, MessageType<unknown>>;

  /** @param types - of several with one full name the last one counts. */
  constructor(types: Iterable<MessageType<unknown>>) {
    this.#types = new Map(Array.from(types, (type) => [type.$type, type]));
  }

  /** The type of that full name; undefined when it is not known here. */
  get(fullName: string): MessageType<unknown> | undefined {
    return this.#types.get(fullName);
  }

  /**
   * The message that an Any holds, or undefined when its type is not known here.
   *
   * @throws TypeError when its bytes are broken.
   */
  unpack(any: Any): unknown {
    assertPacked(any);
    const type = this.get(typeName(any));
    return type && unpack(type, any);
  }
}

/** A writer grows by doubling and keeps what it has grown to; after a message larger than this it is let go. */
const KEPT_BYTES = 64 * 1024;

/** The writer that is free to use. None while a message is being encoded, nor after one that failed halfway. */
let idleWriter: BinaryWriter | undefined;

/**
 * Encodes a message, with one writer for all: two to four times as fast as with a writer for each, whose buffer
 * begins small and is allocated and copied anew as it grows.
 */
export function encodeMessage<Message>(type: Pick<MessageType<Message>, 'encode'>, message: Message): Buffer {
  const writer = idleWriter ?? new BinaryWriter();
  idleWriter = undefined;
  const bytes = type.encode(message, writer).finish();
  if (bytes.byteLength <= KEPT_BYTES) idleWriter = writer;
  // `finish` gives a fresh array; a Buffer over it costs no copy.
  return asBuffer(bytes);
}

/** The same bytes as a Buffer: a view, no copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Checks that bytes are whole fields from beginning to end. Generated decoders do not: they stop at a stray
 * zero and give out what came before as the message.
 *
 * @param maxFields - upper bound on the fields, each occurrence of one counted; those within fields do not count.
 * @throws Error when the bytes are no protobuf message, or only a part of one, or it has more fields.
 */
export function assertWireFormat(bytes: Uint8Array, maxFields = Number.POSITIVE_INFINITY): void {
  const reader = new BinaryReader(bytes);
  for (let fields = 1; reader.pos < reader.len; fields++) {
    if (fields > maxFields) throw new Error(`message has more than ${maxFields} fields: send fewer`);
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
  }
}
