import { createRequire } from 'node:module';
import { isNativeError, isUint8Array } from 'node:util/types';
import type { Any } from '../../generated/google/protobuf/any.js';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { Status } from '../../generated/google/rpc/status.js';
import { asBuffer, pack, packedAs } from './any.js';
import { readAny } from './read-operation.js';

/** The name of the trailer in which gRPC sends the encoded `google.rpc.Status` of an error. */
export const STATUS_DETAILS_KEY = 'grpc-status-details-bin';

/** The content of a `google.rpc.Status`; the code may be any value. */
export interface StatusParts {
  readonly code: unknown;
  readonly message: string;
  readonly details: readonly Any[];
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads an error of another gRPC library: grpc-js, google-gax, Connect, nice-grpc; a status object of grpc-js too.
 *
 * Libraries are told by marks of their own and never by a numeric `code` alone: the exit status of a process and
 * DOMException have that too.
 *
 * @returns undefined if it is none of these.
 * @throws what a getter or a proxy trap throws.
 */
export function readForeignError(thrown: unknown): StatusParts | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const fields = thrown as Fields;
  if (isCode(fields.code) && typeof fields.details === 'string') return ofGrpc(fields, fields.details);
  if (!(thrown instanceof Error) && !isNativeError(thrown)) return undefined;
  if (isConnectError(fields)) return ofConnect(fields);
  return isGoogleError(thrown) ? ofGoogle(fields) : undefined;
}

/** grpc-js: `ServiceError`, `StatusObject`; nice-grpc: `ClientError`, `ServerError`, which have no details of their own. */
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
    // Broken details must not hide the error that they came with.
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

/** A detail that was received has its type and bytes, one that is to be sent a descriptor and a message. */
function connectDetail({ type, value, desc }: Fields): readonly Any[] {
  if (typeof type === 'string' && isUint8Array(value)) return [packedAs(type, asBuffer(value))];
  if (typeof desc !== 'object' || desc === null) return [];
  try {
    // Whoever has a descriptor has loaded it; for others it would be 20 ms at start.
    const es = createRequire(import.meta.url)('@bufbuild/protobuf') as typeof import('@bufbuild/protobuf');
    const schema = desc as Parameters<typeof es.create>[0];
    const bytes = es.toBinary(schema, es.create(schema, value as Record<string, unknown>));
    return [packedAs(schema.typeName, asBuffer(bytes))];
  } catch {
    // As above.
    return [];
  }
}

/** By its class, or by its fields where names of classes are mangled. */
function isGoogleError(thrown: object): boolean {
  if ('statusDetails' in thrown && 'errorInfoMetadata' in thrown) return true;
  for (let type = Object.getPrototypeOf(thrown); type; type = Object.getPrototypeOf(type)) {
    if (type.constructor?.name === 'GoogleError') return true;
  }
  return false;
}

/** An operation of google-gax rejects with code and message alone; calls over REST have the details, and ErrorInfo decoded. */
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
