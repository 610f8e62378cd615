import { types } from 'node:util';
import type { Any } from '../../generated/google/protobuf/any.js';
import { BadRequest, ErrorInfo, RetryInfo } from '../../generated/google/rpc/error_details.js';
import type { Status } from '../../generated/google/rpc/status.js';
import { pack, unpack } from './any.js';
import { isInstance } from './brand.js';
import { ignoreRejection } from './contain.js';
import { readForeignError } from './foreign-error.js';
import { isUnknownFieldError } from './known-fields.js';
import type { MessageType } from './operation-method.js';
import { clipText, messageOf, readProperty, toText, utf8Bytes } from './text.js';

/** The canonical error codes, `google.rpc.Code` (google/rpc/code.proto). */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type Code = (typeof Code)[keyof typeof Code];

/** Name of a code, such as `'NOT_FOUND'` for 5. */
export type CodeName = keyof typeof Code;

const CODE_NAMES = Object.keys(Code) as CodeName[];

/** Returns the name of a code. Any other number yields `UNKNOWN` (AIP-193). */
export function codeName(code: number): CodeName {
  return CODE_NAMES[code] ?? 'UNKNOWN';
}

/** Domain of every `google.rpc.ErrorInfo` that the kit creates. */
export const ERROR_DOMAIN = 'longrunning';

/** Additional details of an error of the kit. */
export interface ErrorFacts {
  /** Values in the message, in machine-readable form. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Request field that is invalid; becomes a `google.rpc.BadRequest`. */
  readonly field?: string;
  /** Delay before a retry, in milliseconds; becomes a `google.rpc.RetryInfo`. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * A `google.rpc.Status` as an Error. Every RPC of the kit rejects with it, and user code throws it to choose
 * the status of its response.
 *
 * @example
 * ```ts
 * throw new StatusError(Code.FAILED_PRECONDITION, 'report is locked: unlock it first');
 * ```
 */
export class StatusError extends Error {
  /** @internal */
  static readonly brand: string = 'longrunning.StatusError';
  override readonly name: string = 'StatusError';
  /** Never OK. */
  readonly code: Code;
  /** `google.rpc` details (ErrorInfo, BadRequest, …), packed; {@link StatusError.detail} unpacks one. */
  readonly details: readonly Any[];

  /**
   * Accepts any values, because JavaScript callers may pass them. The error can always be sent and stored.
   *
   * @param code - OK and values that are not codes become UNKNOWN.
   * @param message - lone surrogates are replaced.
   * @param details - values that are not `google.protobuf.Any` are omitted. Unless an `ErrorInfo` remains,
   * one with the reason `MALFORMED_ERROR_DETAILS` is added.
   */
  constructor(code: Code, message: string, details: readonly Any[] = [], options?: ErrorOptions) {
    super(message === undefined ? '' : toText(message), options);
    this.code = asCode(code);
    this.details = readDetails(details).details;
  }

  /** Returns true for errors of this class, also if another copy of this package created them. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this method
    return isInstance(this, value);
  }

  /**
   * Returns the first detail of the given type, such as `ErrorInfo`, or undefined if there is none.
   *
   * @throws TypeError if its bytes are malformed.
   */
  detail<Message>(type: MessageType<Message>): Message | undefined {
    const found = this.details.find(({ typeUrl }) => typeUrl.endsWith(`/${type.$type}`));
    return found && unpack(type, found);
  }

  /** Name of the code, such as `'NOT_FOUND'`. */
  get codeName(): CodeName {
    return codeName(this.code);
  }

  /** Reason of the `google.rpc.ErrorInfo`, which identifies the cause for programs; undefined without one. */
  get reason(): string | undefined {
    return readableDetail(this, ErrorInfo)?.reason;
  }

  /** Delay of the `google.rpc.RetryInfo` before a retry, in milliseconds; undefined without one. */
  get retryAfterMs(): number | undefined {
    const delay = readableDetail(this, RetryInfo)?.retryDelay;
    return delay && delay.seconds * 1000 + delay.nanos / 1e6;
  }

  /** Returns the error as a `google.rpc.Status` message. */
  toStatus(): Status {
    return { code: this.code, message: this.message, details: [...this.details] };
  }

  /**
   * Converts any thrown or received value to a StatusError. Never throws.
   *
   * A StatusError is returned as is. A `google.rpc.Status` and errors of grpc-js, google-gax, Connect and
   * nice-grpc keep code, message and details. Any other value becomes UNKNOWN with the value as its cause.
   *
   * Values that cannot be encoded are replaced as in the constructor. This includes modified properties of a
   * StatusError, getters that throw, and proxies.
   */
  static from(thrown: unknown): StatusError {
    try {
      if (thrown instanceof StatusError) return isIntact(thrown) ? thrown : repaired(thrown);
      const foreign = readForeignError(thrown);
      if (foreign) {
        const { code, message, details } = foreign;
        return new StatusError(code as Code, message, details, { cause: thrown });
      }
      if (isStatus(thrown)) return new StatusError(thrown.code as Code, thrown.message, thrown.details);
    } catch {
      // A getter or proxy trap threw: nothing more can be read.
    }
    return new StatusError(Code.UNKNOWN, messageOf(thrown), [], { cause: thrown });
  }
}

/**
 * Returns the first detail of a type, like {@link StatusError.detail}, but undefined if its bytes are
 * malformed.
 */
export function readableDetail<Message>(error: StatusError, type: MessageType<Message>): Message | undefined {
  try {
    return error.detail(type);
  } catch {
    return undefined;
  }
}

/** Returns true for a StatusError. Unlike `instanceof`, it never throws, even for a revoked proxy. */
export function isStatusError(thrown: unknown): thrown is StatusError {
  try {
    return thrown instanceof StatusError;
  } catch {
    return false;
  }
}

/**
 * Reads the status of an error, or of any value with the same properties. Values that cannot be encoded are
 * replaced as in the constructor of StatusError. Never throws.
 */
export function readStatus(given: unknown): Status & { code: Code } {
  return {
    code: asCode(readProperty(given, 'code')),
    message: toText(readProperty(given, 'message') ?? ''),
    details: readDetails(readProperty(given, 'details')).details,
  };
}

/** Upper bound on one metadata value of an ErrorInfo, in bytes: the longest operation name. */
const MAX_FACT_BYTES = 1024;

/**
 * Builds the status of an error that the kit itself raises, with one ErrorInfo, and a BadRequest for an
 * invalid field (AIP-193).
 *
 * @param reason - stable UPPER_SNAKE_CASE identifier for programs.
 * @param message - says what is wrong with which value, then what to do.
 */
export function kitStatus(
  code: Code,
  reason: string,
  message: string,
  facts: ErrorFacts = {},
): Status & { code: Code } {
  const details = [errorInfo(reason, facts.metadata)];
  if (facts.field !== undefined) {
    const violation = { field: facts.field, description: message };
    details.push(pack(BadRequest, BadRequest.fromPartial({ fieldViolations: [violation] })));
  }
  if (facts.retryAfterMs !== undefined) {
    const seconds = Math.floor(facts.retryAfterMs / 1000);
    const nanos = Math.round((facts.retryAfterMs % 1000) * 1e6);
    details.push(pack(RetryInfo, { retryDelay: { seconds, nanos } }));
  }
  return { code, message, details };
}

function errorInfo(reason: string, facts: ErrorFacts['metadata'] = {}): Any {
  const metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(facts))
    metadata[key] = clipText(toText(value), MAX_FACT_BYTES, utf8Bytes);
  return pack(ErrorInfo, { reason, domain: ERROR_DOMAIN, metadata });
}

/** Builds a {@link kitStatus} as an Error. */
export function kitError(...args: Parameters<typeof kitStatus>): StatusError {
  const { code, message, details } = kitStatus(...args);
  const cause = args[3]?.cause;
  return new StatusError(code, message, details, cause === undefined ? {} : { cause });
}

/** Builds an `INVALID_ARGUMENT` error for one field of a request. */
export function invalidField(field: string, message: string, facts: ErrorFacts = {}): StatusError {
  return kitError(Code.INVALID_ARGUMENT, 'INVALID_FIELD', message, {
    ...facts,
    field,
    metadata: { field, ...facts.metadata },
  });
}

const QUOTED_LENGTH = 80;

/** Quotes a value for an error message, on one line of bounded length. */
export function quoted(value: string): string {
  const text = JSON.stringify(value.slice(0, QUOTED_LENGTH));
  return value.length > QUOTED_LENGTH ? `${text}… (${value.length} characters)` : text;
}

function isStatus(thrown: unknown): thrown is Status {
  if (thrown instanceof Error || typeof thrown !== 'object' || thrown === null) return false;
  const { code, message, details } = thrown as Partial<Status>;
  return typeof code === 'number' && typeof message === 'string' && Array.isArray(details);
}

function asCode(code: unknown): Code {
  return Number.isInteger(code) && Number(code) > Code.OK && Number(code) <= Code.UNAUTHENTICATED
    ? (code as Code)
    : Code.UNKNOWN;
}

/** Upper bound on details; further ones are omitted. */
const MAX_DETAILS = 1000;

/**
 * Copies the details that can be encoded. Never throws.
 *
 * @returns the copy, with `isIntact` true if it equals the input.
 */
function readDetails(given: unknown): { readonly details: Any[]; readonly isIntact: boolean } {
  const details: Any[] = [];
  let isIntact = false;
  let isComplete = false;
  try {
    if (Array.isArray(given)) {
      const count = Math.min(given.length, MAX_DETAILS);
      isIntact = count === given.length;
      isComplete = isIntact;
      // By index, because iterators and methods of the array may be overridden.
      for (let index = 0; index < count; index++) {
        const detail: unknown = given[index];
        const read = isPlainAny(detail) ? detail : asAny(detail);
        if (read) details.push(read);
        isIntact &&= read === detail;
        isComplete &&= read !== undefined;
      }
    }
  } catch {
    isComplete = false;
  }
  if (isComplete) return { details, isIntact };
  if (!details.some(({ typeUrl }) => typeUrl.endsWith(`/${ErrorInfo.$type}`)))
    details.push(malformedDetails());
  return { details, isIntact: false };
}

function malformedDetails(): Any {
  const advice = 'details of the error were not google.protobuf.Any messages: pack each one';
  return errorInfo('MALFORMED_ERROR_DETAILS', { advice });
}

/** Returns true for a detail that can be kept as is, because reading it again yields the same. */
function isPlainAny(detail: unknown): detail is Any {
  if (typeof detail !== 'object' || detail === null || types.isProxy(detail)) return false;
  const typeUrl = Object.getOwnPropertyDescriptor(detail, 'typeUrl')?.value;
  const value = Object.getOwnPropertyDescriptor(detail, 'value')?.value;
  return typeof typeUrl === 'string' && typeUrl.isWellFormed() && isPlainBytes(value);
}

/** Returns true for bytes without overrides. Subclasses and own properties may lie or throw. */
function isPlainBytes(value: unknown): boolean {
  if (!types.isUint8Array(value) || Object.hasOwn(value, 'length') || Object.hasOwn(value, 'byteLength'))
    return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Buffer.prototype || prototype === Uint8Array.prototype;
}

function asAny(detail: unknown): Any | undefined {
  const typeUrl = readProperty(detail, 'typeUrl');
  const value = readProperty(detail, 'value');
  if (typeof typeUrl !== 'string' || !types.isUint8Array(value)) return undefined;
  try {
    // Copies the underlying bytes, so that no override is called.
    return { typeUrl: typeUrl.toWellFormed(), value: Buffer.from(new Uint8Array(value).buffer) };
  } catch {
    // The buffer was transferred.
    return undefined;
  }
}

/** Returns true if no property of a StatusError was changed or overridden so that it cannot be encoded. */
function isIntact(error: StatusError): boolean {
  if (types.isProxy(error)) return false;
  const [code, message, details] = (['code', 'message', 'details'] as const).map(
    (key) => Object.getOwnPropertyDescriptor(error, key)?.value,
  );
  return (
    asCode(code) === code &&
    typeof message === 'string' &&
    message.isWellFormed() &&
    readDetails(details).isIntact
  );
}

/** Builds a StatusError from the readable properties of another one. */
function repaired(error: StatusError): StatusError {
  const { code, message, details } = readStatus(error);
  return new StatusError(code, message, details, { cause: error });
}

/**
 * Builds the error that clients receive for an unexpected exception: only the method name. The cause is for
 * the log (contract 33).
 */
export function internalError(method: string, cause: unknown): StatusError {
  ignoreRejection(cause);
  const message = `internal error in ${method.replace(/^\//, '')}: see the log of the server`;
  // Not an exception of the work: its result does not fit the method.
  const code = isUnknownFieldError(cause) ? Code.INTERNAL : Code.UNKNOWN;
  return kitError(code, 'INTERNAL_ERROR', message, { metadata: { method }, cause });
}
