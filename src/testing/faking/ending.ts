import { inspect } from 'node:util';
import { isNativeError } from 'node:util/types';
import { isOperationMessage, readOperationForm } from '../../core/read-operation.js';
import { Code, type CodeName, codeName, StatusError } from '../../core/status.js';

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
export function endingOf(given: unknown): Ending {
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
