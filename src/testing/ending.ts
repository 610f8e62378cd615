import { Code, type CodeName, codeName, StatusError } from '../status.js';

/** What the matchers see in whatever they are given. */
export type Ending =
  | { readonly state: 'running' }
  | { readonly state: 'succeeded'; readonly response: unknown }
  | { readonly state: 'cancelled' }
  | { readonly state: 'failed'; readonly code: CodeName; readonly message: string };

type Facts = Readonly<Record<string, unknown>>;

/**
 * How an operation has ended. It may be given as a snapshot or outcome of this package, as the message of
 * `google.longrunning.Operation` in generated code or ProtoJSON, as an operation of a Google client, or as what waiting
 * for it was rejected with.
 *
 * @throws TypeError when it is none of these.
 */
export function endingOf(given: unknown): Ending {
  if (given instanceof Error) return failure(StatusError.from(given));
  if (isFacts(given)) {
    if (isState(given.state)) return ofSnapshot(given);
    if (isFacts(given.latestResponse)) return ofMessage(given.latestResponse, given.result);
    if ('done' in given || typeof given.name === 'string') return ofMessage(given);
  }
  throw new TypeError(
    `${String(given)} is no operation: give an outcome, an Operation, an operation of a Google client, or what awaiting it threw`,
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

/** @param decoded - the response, where somebody has decoded it. */
function ofMessage(operation: Facts, decoded?: unknown): Ending {
  if (operation.done !== true) return { state: 'running' };
  const { result } = operation;
  // A oneof of generated code has its value in it, others stand side by side.
  const { error, response }: Facts = isFacts(result) ? { [String(result.$case)]: result.value } : operation;
  if (isFacts(error)) return failure(StatusError.from({ message: '', details: [], ...error }));
  return { state: 'succeeded', response: decoded ?? response };
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
