import type { Any } from '../generated/google/protobuf/any.js';
import { BadRequest, ErrorInfo, RetryInfo } from '../generated/google/rpc/error_details.js';
import { Status } from '../generated/google/rpc/status.js';
import { pack, unpack } from './any.js';
import type { MessageType } from './operation-method.js';

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

/** `'NOT_FOUND'` for 5. */
export type CodeName = keyof typeof Code;

const CODE_NAMES = Object.keys(Code) as CodeName[];

/** The name of a code. A number that is none reads as `UNKNOWN`, as AIP-193 has it. */
export function codeName(code: number): CodeName {
  return CODE_NAMES[code] ?? 'UNKNOWN';
}

/** The domain of every `google.rpc.ErrorInfo` that the kit raises. */
export const ERROR_DOMAIN = 'longrunning';

/** What an error of the kit says beyond code and message. */
export interface ErrorFacts {
  /** The values that the message speaks of, for programs to read. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The request field to blame; becomes a `google.rpc.BadRequest`. */
  readonly field?: string;
  /** After how many milliseconds to try again; becomes a `google.rpc.RetryInfo`. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * A `google.rpc.Status` as an Error: what every RPC of the kit rejects with, and what user code throws to
 * answer with a code of its own.
 *
 * @example
 * ```ts
 * throw new StatusError(Code.FAILED_PRECONDITION, 'report is locked: unlock it first');
 * ```
 */
export class StatusError extends Error {
  override readonly name: string = 'StatusError';
  /** Never OK. */
  readonly code: Code;
  /** `google.rpc` details (ErrorInfo, BadRequest, …), packed; {@link StatusError.detail} unpacks one. */
  readonly details: readonly Any[];

  /** @param code - an error is never OK: that one, and a number that is no code, becomes UNKNOWN. */
  constructor(code: Code, message: string, details: readonly Any[] = [], options?: ErrorOptions) {
    super(message, options);
    this.code = asCode(code);
    this.details = details;
  }

  /**
   * The first detail of the given type, such as `ErrorInfo`; undefined when there is none.
   *
   * @throws TypeError when its bytes are broken.
   */
  detail<Message>(type: MessageType<Message>): Message | undefined {
    const found = this.details.find(({ typeUrl }) => typeUrl.endsWith(`/${type.$type}`));
    return found && unpack(type, found);
  }

  /** As a `google.rpc.Status` message. */
  toStatus(): Status {
    return { code: this.code, message: this.message, details: [...this.details] };
  }

  /**
   * Makes a StatusError of whatever was thrown or read: one stays itself; a `google.rpc.Status` and a
   * gRPC ServiceError keep code, message and details; anything else becomes UNKNOWN with itself as cause.
   */
  static from(thrown: unknown): StatusError {
    if (thrown instanceof StatusError) return thrown;
    if (isServiceError(thrown)) {
      const details = statusDetails(thrown)?.details ?? [];
      return new StatusError(thrown.code as Code, thrown.details, details, { cause: thrown });
    }
    if (isStatus(thrown)) return new StatusError(thrown.code as Code, thrown.message, thrown.details);
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new StatusError(Code.UNKNOWN, message, [], { cause: thrown });
  }
}

/**
 * What an error that the kit itself raises says: with one ErrorInfo, BadRequest for a bad field (AIP-193).
 *
 * @param reason - UPPER_SNAKE_CASE, stable: programs tell errors apart by it.
 * @param message - begins with what went wrong, names the value, ends with what to do.
 */
export function kitStatus(
  code: Code,
  reason: string,
  message: string,
  facts: ErrorFacts = {},
): Status & { code: Code } {
  const info: ErrorInfo = { reason, domain: ERROR_DOMAIN, metadata: { ...facts.metadata } };
  const details = [pack(ErrorInfo, info)];
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

/** {@link kitStatus} as an Error. */
export function kitError(...args: Parameters<typeof kitStatus>): StatusError {
  const { code, message, details } = kitStatus(...args);
  const cause = args[3]?.cause;
  return new StatusError(code, message, details, cause === undefined ? {} : { cause });
}

/** `INVALID_ARGUMENT` for one field of a request. */
export function invalidField(field: string, message: string, facts: ErrorFacts = {}): StatusError {
  return kitError(Code.INVALID_ARGUMENT, 'INVALID_FIELD', message, {
    ...facts,
    field,
    metadata: { field, ...facts.metadata },
  });
}

const QUOTED_LENGTH = 80;

/** A value as error messages quote it: in quotes, on one line, and never longer than a line. */
export function quoted(value: string): string {
  const text = JSON.stringify(value.slice(0, QUOTED_LENGTH));
  return value.length > QUOTED_LENGTH ? `${text}… (${value.length} characters)` : text;
}

/** Where gRPC carries the encoded `google.rpc.Status` of an error, in its trailers. */
export const STATUS_DETAILS_KEY = 'grpc-status-details-bin';

interface ServiceErrorLike extends Error {
  readonly code: number;
  readonly details: string;
  readonly metadata: { get(key: string): unknown[] };
}

function isServiceError(thrown: unknown): thrown is ServiceErrorLike {
  if (!(thrown instanceof Error)) return false;
  const { code, details, metadata } = thrown as Partial<ServiceErrorLike>;
  return typeof code === 'number' && typeof details === 'string' && typeof metadata?.get === 'function';
}

function isStatus(thrown: unknown): thrown is Status {
  if (thrown instanceof Error || typeof thrown !== 'object' || thrown === null) return false;
  const { code, message, details } = thrown as Partial<Status>;
  return typeof code === 'number' && typeof message === 'string' && Array.isArray(details);
}

function statusDetails(error: ServiceErrorLike): Status | undefined {
  const [encoded] = error.metadata.get(STATUS_DETAILS_KEY);
  if (!(encoded instanceof Uint8Array)) return undefined;
  try {
    return Status.decode(encoded);
  } catch {
    // Broken details must not hide the error that they came with.
    return undefined;
  }
}

function asCode(code: number): Code {
  return Number.isInteger(code) && code > Code.OK && code <= Code.UNAUTHENTICATED
    ? (code as Code)
    : Code.UNKNOWN;
}
