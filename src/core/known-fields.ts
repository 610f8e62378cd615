import { types } from 'node:util';
import { nearest } from './nearest.js';
import type { DeepPartial, MessageType } from './operation-method.js';

const errors = new WeakSet<object>();

/** User code returned a message with a field that its type does not have. */
export class UnknownFieldError extends TypeError {
  constructor(message: string) {
    super(message);
    errors.add(this);
  }
}

/** Recognizes the error without `instanceof`, which proxies may answer with an exception. */
export function isUnknownFieldError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && errors.has(error);
}

/** Members that generators add to messages. */
const ADDED = /^\$|^_unknownFields$/;

/**
 * Converts the fields that user code gives to a message.
 *
 * @param source - names the fields in the error message: `response of /acme.v1.Jobs/RunJob`.
 * @throws UnknownFieldError if a field, at any depth, is not part of the message. `fromPartial` alone drops such fields.
 */
export function messageFrom<Message>(type: MessageType<Message>, given: object, source: string): Message {
  const message = type.fromPartial(given as DeepPartial<Message>);
  const path = unknownField(given, message);
  if (path === undefined) return message;
  const name = path.slice(path.lastIndexOf('.') + 1);
  const near = path === name ? nearest(name, Object.keys(message as object)) : undefined;
  const advice = near === undefined || near === name ? 'remove or correct it' : `did you mean ${near}?`;
  throw new UnknownFieldError(`${source} has field ${path}, which ${type.$type} does not have: ${advice}`);
}

/** Returns the path of a field that the conversion to a message has dropped. */
function unknownField(given: unknown, message: unknown): string | undefined {
  if (!isObject(given) || !isObject(message) || given === message) return undefined;
  for (const key of Object.keys(given)) {
    // Accessors and proxies may be endless.
    const value: unknown = Object.getOwnPropertyDescriptor(given, key)?.value;
    if (value === undefined || value === null || ADDED.test(key)) continue;
    const kept = Object.hasOwn(message, key)
      ? (message as Readonly<Record<string, unknown>>)[key]
      : undefined;
    if (kept === undefined) return key;
    const inner = unknownField(value, kept);
    if (inner !== undefined) return `${key}.${inner}`;
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  return !ArrayBuffer.isView(value) && !types.isDate(value);
}
