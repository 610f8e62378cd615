import { inspect } from 'node:util';
import { isUint8Array } from 'node:util/types';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import type { Any } from '../../generated/google/protobuf/any.js';
import { Duration } from '../../generated/google/protobuf/duration.js';
import { Empty } from '../../generated/google/protobuf/empty.js';
import { Timestamp } from '../../generated/google/protobuf/timestamp.js';
import * as errorDetails from '../../generated/google/rpc/error_details.js';
import type { Status } from '../../generated/google/rpc/status.js';
import { asBuffer, TypeRegistry } from './any.js';
import { packJson } from './any-json.js';
import type { MessageType } from './operation-method.js';

type Fields = Readonly<Record<string, unknown>>;
/** Codecs by full name. */
type Types = NonNullable<Parameters<typeof readOperation>[1]>;

/** Result of an operation before its message is parsed. */
export interface ResultForm {
  readonly $case: 'error' | 'response';
  readonly value: unknown;
}

/** Fields of an operation whose oneof is resolved but whose messages are not parsed yet. */
export interface OperationForm {
  readonly name: string;
  readonly metadata: unknown;
  readonly done: boolean;
  readonly result: ResultForm | undefined;
}

const FIELDS = ['name', 'metadata', 'done', 'error', 'response', 'result'] as const;
/** Annotation keys of generators: ts-proto and protobuf.js, protobuf-es, ts-proto, protobuf-es. */
const ANNOTATIONS = new Set(['$type', '$typeName', '_unknownFields', '$unknown']);

const ADVICE =
  'give an Operation as its generator decodes it, its ProtoJSON, or an operation of a Google client';

const NO_BYTES = Buffer.alloc(0);
/** Either alphabet of RFC 4648 (section 4 or 5), with or without padding. */
const BASE64 = /^(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}$/;

/** Codecs of messages that any operation may contain. */
const KNOWN_TYPES = new TypeRegistry([
  Empty,
  Duration,
  Timestamp,
  errorDetails.ErrorInfo,
  errorDetails.RetryInfo,
  errorDetails.DebugInfo,
  errorDetails.QuotaFailure,
  errorDetails.PreconditionFailure,
  errorDetails.BadRequest,
  errorDetails.RequestInfo,
  errorDetails.ResourceInfo,
  errorDetails.Help,
  errorDetails.LocalizedMessage,
]);

/**
 * Reads a `google.longrunning.Operation` in the form of any generator: ts-proto with each `oneof` setting,
 * protobuf-es, protobuf.js, google-gax, proto-loader with any options, or ProtoJSON. Also reads each of these
 * after `JSON.stringify` and `JSON.parse`. Bytes are shared with the source.
 *
 * An operation that is done with neither error nor response succeeded without a response.
 *
 * @param types - codecs of messages that ProtoJSON may contain, besides `google.protobuf.Empty` and those of
 * google/rpc/error_details.proto.
 * @throws TypeError if the value is not an Operation or its fields contradict each other.
 */
export function readOperation(
  source: unknown,
  types?: {
    /** Returns the codec of the type with that full name. */
    get(name: string): MessageType<unknown> | undefined;
  },
): Operation {
  return reading(() => {
    const { name, metadata, done, result } = formOf(source);
    const known = { get: (type: string) => types?.get(type) ?? KNOWN_TYPES.get(type) };
    return {
      name,
      metadata: isSet(metadata) ? anyOf(metadata, 'metadata', known) : undefined,
      done,
      result: result && readResult(result, known),
    };
  });
}

/**
 * Reads the fields of an operation and its oneof. Leaves metadata, error and response unparsed.
 *
 * @throws TypeError if the value is not an Operation or its fields contradict each other.
 */
export function readOperationForm(source: unknown): OperationForm {
  return reading(() => formOf(source));
}

/**
 * Reads a `google.protobuf.Any` in the form of any generator, like {@link readOperation}.
 *
 * @throws TypeError if the value is not an Any.
 */
export function readAny(source: unknown): Any {
  return reading(() => anyOf(source, 'the value', KNOWN_TYPES));
}

/**
 * Returns true for a value that is intended as an Operation message: it has a field that a mere reference
 * does not.
 */
export function isOperationMessage(source: unknown): boolean {
  if (typeof source !== 'object' || source === null || Array.isArray(source)) return false;
  const { $typeName, $type, latestResponse } = source as Fields;
  if (isSet($typeName) || isSet($type) || isSet(latestResponse)) return true;
  return FIELDS.some((field) => field !== 'name' && field in source);
}

/** Converts exceptions of hostile getters and proxies to a TypeError. */
function reading<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof Fault) throw new TypeError(cause.message, { cause: cause.cause });
    throw new TypeError(`the operation cannot be read: ${ADVICE}`, { cause });
  }
}

/** Error in the value being read. */
class Fault extends Error {}

function formOf(source: unknown): OperationForm {
  if (!isFields(source)) throw new Fault(`${shown(source)} is not an operation: ${ADVICE}`);
  if (isFields(source.latestResponse)) return formOf(source.latestResponse);
  const { name, metadata, done, error, response, result } = source;
  const subject = typeof name === 'string' && name !== '' ? `operation ${shown(name)}` : 'the operation';
  if (!isOperationMessage(source) && !isSet(name)) {
    throw new Fault(`${shown(source)} has no field of an operation: ${ADVICE}`);
  }
  assertFields(source, 'google.longrunning.Operation', FIELDS, subject);
  if (isSet(name) && typeof name !== 'string')
    throw new Fault(`${subject} has the name ${shown(name)}: give a string`);
  if (isSet(done) && typeof done !== 'boolean') {
    throw new Fault(`${subject} has ${shown(done)} as \`done\`: give true or false`);
  }
  return {
    name: name ?? '',
    metadata,
    done: done ?? false,
    result: oneofOf({ error, response, result }, subject),
  } as OperationForm;
}

/** Resolves the oneof in any of its forms. */
function oneofOf(
  {
    error,
    response,
    result,
  }: { readonly error: unknown; readonly response: unknown; readonly result: unknown },
  subject: string,
): ResultForm | undefined {
  const flat = flatOneof(error, response, subject);
  if (!isSet(result)) return flat;
  if (typeof result === 'string') {
    if (result === flat?.$case) return flat;
    throw new Fault(
      `${subject} says that its result is ${shown(result)}, but has ${flat ? `the field "${flat.$case}"` : 'no such field'}: give an Operation as its generator decodes it`,
    );
  }
  const union = unionOneof(result, subject);
  if (union && flat) {
    throw new Fault(`${subject} has a result and the field "${flat.$case}" beside it: keep one of the two`);
  }
  return union ?? flat;
}

/** Resolves a oneof with separate fields. */
function flatOneof(error: unknown, response: unknown, subject: string): ResultForm | undefined {
  if (isSet(error) && isSet(response)) {
    throw new Fault(`${subject} has both an error and a response: keep one of the two`);
  }
  if (isSet(error)) return { $case: 'error', value: error };
  return isSet(response) ? { $case: 'response', value: response } : undefined;
}

/**
 * Resolves `{ $case, value }` and `{ $case, [$case] }` of ts-proto, and `{ case, value }` of protobuf-es. The
 * latter is `{}` in JSON if unset.
 */
function unionOneof(result: unknown, subject: string): ResultForm | undefined {
  const unknown = () =>
    new Fault(`${subject} has the result ${shown(result)}, a form that no known generator has: ${ADVICE}`);
  if (!isFields(result)) throw unknown();
  const { case: es, $case: ts, ...values } = result;
  if (isSet(es) && isSet(ts)) throw unknown();
  const set = Object.entries(values).filter(([, value]) => isSet(value));
  const field = es ?? ts;
  if (!isSet(field) && set.length === 0) return undefined;
  const [[key, value] = [], ...more] = set;
  if ((field !== 'error' && field !== 'response') || more.length > 0) throw unknown();
  if (key !== 'value' && (isSet(es) || key !== field)) throw unknown();
  return { $case: field, value };
}

function readResult({ $case, value }: ResultForm, types: Types): Operation['result'] {
  return $case === 'error'
    ? { $case, value: readStatus(value, types) }
    : { $case, value: anyOf(value, 'response', types) };
}

function readStatus(source: unknown, types: Types): Status {
  if (!isFields(source)) throw new Fault(`the error is ${shown(source)}: give a google.rpc.Status`);
  assertFields(source, 'google.rpc.Status', ['code', 'message', 'details'], 'the error');
  const { code, message, details } = source;
  if (isSet(message) && typeof message !== 'string') {
    throw new Fault(`the error has ${shown(message)} as \`message\`: give a string`);
  }
  if (isSet(details) && !Array.isArray(details)) {
    throw new Fault(`the error has ${shown(details)} as \`details\`: give an array`);
  }
  const items: readonly unknown[] = details ?? [];
  return {
    code: readCode(code),
    message: message ?? '',
    details: Array.from(items, (detail, index) => anyOf(detail, `error.details[${index}]`, types)),
  };
}

/** Reads an int32, which may be a string in ProtoJSON. */
function readCode(code: unknown): number {
  if (!isSet(code)) return 0;
  const number = typeof code === 'string' && /^-?\d{1,10}$/.test(code) ? Number(code) : code;
  if (typeof number === 'number' && Number.isInteger(number) && number >= -(2 ** 31) && number < 2 ** 31)
    return number;
  throw new Fault(`the error has the code ${shown(code)}: give a number of google.rpc.Code`);
}

function anyOf(source: unknown, field: string, types: Types): Any {
  if (!isFields(source)) throw new Fault(`${field} is ${shown(source)}: give a google.protobuf.Any`);
  if ('@type' in source) return readJson(source, field, types);
  assertFields(source, 'google.protobuf.Any', ['typeUrl', 'type_url', 'value'], field);
  const { typeUrl, type_url: snakeCase, value } = source;
  if (isSet(typeUrl) && isSet(snakeCase) && typeUrl !== snakeCase) {
    throw new Fault(
      `${field} has two type URLs, ${shown(typeUrl)} and ${shown(snakeCase)}: keep one of the two`,
    );
  }
  const url = typeUrl ?? snakeCase ?? '';
  if (typeof url !== 'string') throw new Fault(`${field} has the type URL ${shown(url)}: give a string`);
  const bytes = readBytes(value);
  if (!bytes) {
    throw new Fault(`${field} has the value ${shown(value)}: give bytes, or Base64 in JSON`);
  }
  return { typeUrl: url, value: bytes };
}

function readJson(source: Fields, field: string, types: Types): Any {
  try {
    return packJson(source, types);
  } catch (cause) {
    const reason = cause instanceof TypeError ? cause.message : 'its codec cannot read it';
    throw new Fault(`${field}: ${reason}`, { cause });
  }
}

/**
 * Reads bytes in any form produced by generators or JSON: `Uint8Array`, an array of numbers, Base64, `{ type:
 * 'Buffer', data }`, or an object with the keys 0, 1, 2, ….
 *
 * @returns undefined if the value is none of these.
 */
function readBytes(value: unknown): Buffer | undefined {
  if (value === undefined || value === null) return NO_BYTES;
  if (isUint8Array(value)) return asBuffer(value);
  if (typeof value === 'string') return readBase64(value);
  if (typeof value !== 'object') return undefined;
  if (Array.isArray(value)) return readNumbers(value);
  const { type, data } = value as { readonly type?: unknown; readonly data?: unknown };
  if (type === 'Buffer' && Array.isArray(data)) return readNumbers(data);
  const keys = Object.keys(value);
  return keys.every((key, index) => key === String(index)) ? readNumbers(Object.values(value)) : undefined;
}

function readBase64(text: string): Buffer | undefined {
  if (!BASE64.test(text)) return undefined;
  // One surplus character carries only six bits, less than a byte.
  return text.replace(/=+$/, '').length % 4 === 1 ? undefined : Buffer.from(text, 'base64');
}

function readNumbers(numbers: readonly unknown[]): Buffer | undefined {
  const bytes = Buffer.alloc(numbers.length);
  for (const [index, number] of numbers.entries()) {
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 255)
      return undefined;
    bytes[index] = number;
  }
  return bytes;
}

/**
 * Checks the declared type of a message, or else that it has no other fields. A misread message would look
 * like an operation that succeeded without a response.
 */
function assertFields(source: Fields, type: string, fields: readonly string[], subject: string): void {
  const declared = declaredType(source);
  if (declared === type) return;
  if (declared !== undefined) throw new Fault(`${subject} is a ${shown(declared)}: give a ${type}`);
  for (const key of Object.keys(source)) {
    if (!fields.includes(key) && !ANNOTATIONS.has(key) && isSet(source[key])) {
      throw new Fault(`${subject} has a field ${shown(key)}, which ${type} does not have: give a ${type}`);
    }
  }
}

/** Returns the full type name that a message carries. */
function declaredType({ $typeName, $type }: Fields): unknown {
  if (isSet($typeName)) return $typeName;
  // protobuf.js stores a descriptor there, with a leading dot in its name.
  const { fullName } = isFields($type) ? $type : {};
  return typeof fullName === 'string' ? fullName.replace(/^\./, '') : ($type ?? undefined);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSet(value: unknown): value is NonNullable<unknown> {
  return value !== undefined && value !== null;
}

/**
 * Formats a value for an error message, briefly and on one line. Calls neither getters nor custom `inspect`
 * methods.
 */
function shown(value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, customInspect: false }).slice(
    0,
    80,
  );
}
