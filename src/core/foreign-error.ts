import { createRequire } from 'node:module';
import { isNativeError, isUint8Array } from 'node:util/types';
import type { Any } from '../../generated/google/protobuf/any.js';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { Status } from '../../generated/google/rpc/status.js';
import { asBuffer, pack, packedAs } from './any.js';
import { readAny } from './read-operation.js';

/** Trailer in which gRPC sends the encoded `google.rpc.Status` of an error. */
export const STATUS_DETAILS_KEY = 'grpc-status-details-bin';

/** Fields of a `google.rpc.Status` before validation; the code may be any value. */
export interface StatusParts {
  readonly code: unknown;
  readonly message: string;
  readonly details: readonly Any[];
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads an error of another gRPC library: grpc-js (also its status objects), google-gax, Connect or
 * nice-grpc.
 *
 * Recognizes libraries by specific properties, never by a numeric `code` alone: process exit errors and
 * DOMException have one, too.
 *
 * @returns undefined if the value is none of these.
 * @throws the exception of a getter or proxy trap.
 */
export function readForeignError(thrown: unknown): StatusParts | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const fields = thrown as Fields;
  if (isCode(fields.code) && typeof fields.details === 'string') return ofGrpc(fields, fields.details);
  if (!(thrown instanceof Error) && !isNativeError(thrown)) return undefined;
  if (isConnectError(fields)) return ofConnect(fields);
  return isGoogleError(thrown) ? ofGoogle(fields) : undefined;
}

/**
 * Reads `ServiceError` and `StatusObject` of grpc-js. Also reads `ClientError` and `ServerError` of
 * nice-grpc, which have no details.
 */
function ofGrpc({ code, metadata }: Fields, message: string): StatusParts {
  return { code, message, details: hasGet(metadata) ? trailerDetails(metadata) : [] };
}

function trailerDetails(metadata: { get(key: string): unknown }): readonly Any[] {
  const values = metadata.get(STATUS_DETAILS_KEY);
  const encoded: unknown = Array.isArray(values) ? values[0] : undefined;
  if (!isUint8Array(encoded)) return [];
  try {
    return Status.decode(encoded).details;
  } catch {
    // Malformed details must not hide the error itself.
    return [];
  }
}

function isConnectError({ name, code, rawMessage, details }: Fields): boolean {
  return name === 'ConnectError' && isCode(code) && typeof rawMessage === 'string' && Array.isArray(details);
}

function ofConnect({ code, rawMessage, details }: Fields): StatusParts {
  const items = details as readonly Fields[];
  return { code, message: String(rawMessage), details: items.flatMap(connectDetail) };
}

/**
 * Reads a detail of Connect. Received details have a type and bytes, outgoing ones a descriptor and a
 * message.
 */
function connectDetail({ type, value, desc }: Fields): readonly Any[] {
  if (typeof type === 'string' && isUint8Array(value)) return [packedAs(type, asBuffer(value))];
  if (typeof desc !== 'object' || desc === null) return [];
  try {
    // An application with a descriptor has loaded this package. For others, loading it would add 20 ms at
    // startup.
    const es = createRequire(import.meta.url)('@bufbuild/protobuf') as typeof import('@bufbuild/protobuf');
    const schema = desc as Parameters<typeof es.create>[0];
    const bytes = es.toBinary(schema, es.create(schema, value as Record<string, unknown>));
    return [packedAs(schema.typeName, asBuffer(bytes))];
  } catch {
    // Malformed details must not hide the error itself.
    return [];
  }
}

/** Recognizes GoogleError by class name, or by its fields if class names are minified. */
function isGoogleError(thrown: object): boolean {
  if ('statusDetails' in thrown && 'errorInfoMetadata' in thrown) return true;
  for (let type = Object.getPrototypeOf(thrown); type; type = Object.getPrototypeOf(type)) {
    if (type.constructor?.name === 'GoogleError') return true;
  }
  return false;
}

/**
 * Reads a GoogleError. Errors of operations have only code and message; those of REST calls have details and
 * a decoded ErrorInfo.
 */
function ofGoogle({ code, message, details, reason, domain, errorInfoMetadata }: Fields): StatusParts {
  const packed = Array.isArray(details) ? details.flatMap(readableAny) : [];
  if (typeof reason === 'string' && !packed.some(({ typeUrl }) => typeUrl.endsWith(`/${ErrorInfo.$type}`))) {
    const metadata = Object.entries(Object(errorInfoMetadata)).map(([key, value]) => [key, String(value)]);
    const info = { reason, domain: String(domain ?? ''), metadata: Object.fromEntries(metadata) };
    packed.push(pack(ErrorInfo, info));
  }
  return { code, message: String(message), details: packed };
}

function readableAny(detail: unknown): readonly Any[] {
  try {
    return [readAny(detail)];
  } catch {
    return [];
  }
}

function isCode(code: unknown): boolean {
  return Number.isInteger(code);
}

function hasGet(metadata: unknown): metadata is { get(key: string): unknown } {
  return typeof (metadata as Partial<Map<string, unknown>> | null | undefined)?.get === 'function';
}
