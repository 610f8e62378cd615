import { inspect, isDeepStrictEqual } from 'node:util';
import { isNativeError, isUint8Array } from 'node:util/types';
import { isOperationMessage, readOperationForm } from '../../core/read-operation.js';
import { Code, type CodeName, codeName, StatusError } from '../../core/status.js';

/** Result of a Jest or Vitest matcher. */
export interface MatcherResult {
  readonly pass: boolean;
  /** Failure message. */
  readonly message: () => string;
}

/**
 * Matchers for `expect.extend` of Jest and Vitest. They accept an operation in any form. It may be an outcome or
 * snapshot of this package, a message of generated code or ProtoJSON, or an operation of a Google client. They
 * also accept the result of its `promise()`, and the error with which waiting rejected.
 *
 * @example
 * ```ts
 * expect.extend(operationMatchers);
 * expect(await operation.wait()).toBeCancelled();
 * await expect(googleOperation.promise()).rejects.toHaveFailedWith('PERMISSION_DENIED');
 * ```
 */
export const operationMatchers = {
  /** Passes if the operation ended as cancelled. */
  toBeCancelled: (operation: unknown): MatcherResult => judge(operation, checkCancelled),
  /**
   * Passes if the operation ended with a response that contains everything expected. Numbers match as number,
   * bigint, Long or text.
   */
  toHaveSucceededWith: (operation: unknown, response: unknown): MatcherResult =>
    judge(operation, (ending) => checkSucceeded(ending, response)),
  /** Passes if the operation ended with an error of that code. */
  toHaveFailedWith: (operation: unknown, code: Code | CodeName): MatcherResult =>
    judge(operation, (ending) => checkFailed(ending, typeof code === 'number' ? codeName(code) : code)),
} as const;

/** Asserts that an operation was cancelled, in any test runner. @throws Error if it was not */
export function expectCancelled(operation: unknown): void {
  insist(operationMatchers.toBeCancelled(operation));
}

/** Asserts that an operation succeeded with a response, in any test runner. @throws Error if it did not */
export function expectSucceededWith(operation: unknown, response: unknown): void {
  insist(operationMatchers.toHaveSucceededWith(operation, response));
}

/** Asserts that an operation failed with a code, in any test runner. @throws Error if it did not */
export function expectFailedWith(operation: unknown, code: Code | CodeName): void {
  insist(operationMatchers.toHaveFailedWith(operation, code));
}

function insist({ pass, message }: MatcherResult): void {
  if (!pass) throw new Error(message());
}

/** Result of a check, with a description of the expectation. */
interface Verdict {
  readonly pass: boolean;
  readonly expected: string;
}

function judge(operation: unknown, check: (ending: Ending) => Verdict): MatcherResult {
  const ending = endingOf(operation);
  const { pass, expected } = check(ending);
  const not = pass ? 'not ' : '';
  return {
    pass,
    message: () => `expected the operation ${not}to have ${expected}, but it ${described(ending)}`,
  };
}

function checkCancelled({ state }: Ending): Verdict {
  return { pass: state === 'cancelled', expected: 'been cancelled' };
}

function checkSucceeded(ending: Ending, response: unknown): Verdict {
  const pass = ending.state === 'succeeded' && contains(ending.response, response);
  return { pass, expected: `succeeded with ${inspect(response)}` };
}

function checkFailed(ending: Ending, code: CodeName): Verdict {
  const pass =
    code === 'CANCELLED' ? ending.state === 'cancelled' : ending.state === 'failed' && ending.code === code;
  return { pass, expected: `failed with ${code}` };
}

function described(ending: Ending): string {
  switch (ending.state) {
    case 'running':
      return 'has not ended: await its end first';
    case 'cancelled':
      return 'was cancelled';
    case 'failed':
      return `failed with ${ending.code}: ${ending.message}`;
    case 'succeeded':
      return `succeeded with ${inspect(ending.response, { depth: 4 })}`;
  }
}

/** Matcher nested in an expected value, such as Jest's `expect.any(String)`. */
interface AsymmetricMatcher {
  asymmetricMatch(value: unknown): boolean;
}

/**
 * Returns true if a value contains everything that is expected. Objects may have additional fields. Numbers are
 * compared by value in any form of generated code: number, bigint, Long or text.
 */
function contains(value: unknown, expected: unknown): boolean {
  if (isMatcher(expected)) return expected.asymmetricMatch(value);
  if (isSameNumber(value, expected)) return true;
  if (isUint8Array(expected)) return isUint8Array(value) && Buffer.compare(value, expected) === 0;
  if (Array.isArray(expected)) {
    const given = Array.isArray(value) && value.length === expected.length ? value : undefined;
    return given !== undefined && expected.every((item, index) => contains(given[index], item));
  }
  if (!isPlain(expected) || typeof value !== 'object' || value === null)
    return isDeepStrictEqual(value, expected);
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.entries(expected).every(([name, item]) => contains(fields[name], item));
}

/** Compares numbers. Text counts as a number only if the other side is a number. */
function isSameNumber(value: unknown, expected: unknown): boolean {
  if (typeof value === 'string' && typeof expected === 'string') return false;
  const number = numericText(value);
  return number !== undefined && number === numericText(expected);
}

function isMatcher(expected: unknown): expected is AsymmetricMatcher {
  return typeof expected === 'object' && expected !== null && 'asymmetricMatch' in expected;
}

/** Returns true for objects that are compared by field, which excludes byte arrays. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}

/** Canonical form of a decimal number. */
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/;

/**
 * Converts a number in any form that generated code has for 64 bits (number, bigint, text, `Long`, also after
 * JSON) to decimal text. Returns undefined for anything else.
 */
function numericText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) ? String(BigInt(value)) : String(value);
    case 'bigint':
      return String(value);
    case 'string':
      return DECIMAL.test(value) ? value : undefined;
    case 'object':
      return longText(value);
    default:
      return undefined;
  }
}

/** Converts a `Long` of the package `long`, or its equivalent in protobuf.js without that package. */
function longText(value: object | null): string | undefined {
  const { low, high, unsigned } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (!Number.isInteger(low) || !Number.isInteger(high) || typeof unsigned !== 'boolean') return undefined;
  const bits = (BigInt(high as number) << 32n) | BigInt.asUintN(32, BigInt(low as number));
  return String(unsigned ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits));
}

/** Outcome of an operation, as matchers compare it. */
export type Ending =
  | { readonly state: 'running' }
  | { readonly state: 'succeeded'; readonly response: unknown }
  | { readonly state: 'cancelled' }
  | { readonly state: 'failed'; readonly code: CodeName; readonly message: string };

type Facts = Readonly<Record<string, unknown>>;

/**
 * Reads the outcome of an operation. It accepts a snapshot or outcome of this package, a
 * `google.longrunning.Operation` in generated code or ProtoJSON, and an operation of a Google client. It also
 * accepts the result of its `promise()`, and the error with which waiting rejected.
 *
 * @throws TypeError for anything else.
 */
function endingOf(given: unknown): Ending {
  if (given instanceof Error || isNativeError(given)) return failure(StatusError.from(given));
  // `promise()` of google-gax resolves to response, metadata and message.
  if (Array.isArray(given) && isOperationMessage(given[2])) return ofMessage(given[2], given[0]);
  if (isFacts(given)) {
    if (isState(given.state)) return ofSnapshot(given);
    if (isFacts(given.latestResponse)) return ofMessage(given.latestResponse, given.result);
    if (isOperationMessage(given) || typeof given.name === 'string') return ofMessage(given);
  }
  const shown = typeof given === 'string' ? given : inspect(given, { depth: 0, customInspect: false });
  throw new TypeError(
    `${shown.slice(0, 80)} is not an operation: pass an outcome, an Operation, an operation of a Google client, or the error from awaiting it`,
  );
}

function ofSnapshot(snapshot: Facts): Ending {
  switch (snapshot.state) {
    case 'succeeded':
      return { state: 'succeeded', response: snapshot.response };
    case 'cancelled':
      return { state: 'cancelled' };
    case 'failed':
      return failure(StatusError.from(snapshot.error));
    default:
      return { state: 'running' };
  }
}

/** @param decoded - response, if it is already decoded. */
function ofMessage(operation: unknown, decoded?: unknown): Ending {
  if (isFacts(decoded)) return { state: 'succeeded', response: decoded };
  const { done, result } = readOperationForm(operation);
  if (!done) return { state: 'running' };
  if (result?.$case !== 'error') return { state: 'succeeded', response: result?.value };
  return failure(StatusError.from({ message: '', details: [], ...(result.value as object) }));
}

function failure({ code, message }: StatusError): Ending {
  return code === Code.CANCELLED
    ? { state: 'cancelled' }
    : { state: 'failed', code: codeName(code), message };
}

function isState(state: unknown): boolean {
  return state === 'running' || state === 'succeeded' || state === 'cancelled' || state === 'failed';
}

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null;
}
