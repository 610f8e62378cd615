/** Notified of what contained code threw, or of what its promise rejected with. Must not throw. */
export type OnFailure = (error: unknown) => void;

/**
 * Calls code of somebody else. Neither an exception nor the rejection of a promise that it returns goes beyond `onFailure`.
 *
 * @returns the result of the call; undefined if it threw.
 */
export function contain<Result>(call: () => Result, onFailure: OnFailure): Result | undefined {
  try {
    const result = call();
    // Reading `then` may throw too, and `then` itself is called by the promise.
    if (isThenable(result)) Promise.resolve(result).then(undefined, onFailure);
    return result;
  } catch (error) {
    onFailure(error);
    return undefined;
  }
}

/**
 * Returns a value of user code that must not be a promise.
 *
 * @param source - names the code in the error message: `parent of /acme.v1.Jobs/RunJob`.
 * @throws TypeError if it is a promise, whose rejection is then ignored.
 */
export function notPromised<Value>(value: Value, source: string): Value {
  if (!isThenable(value)) return value;
  contain(
    () => value,
    () => {},
  );
  throw new TypeError(`${source} is a promise: return the value itself`);
}

function isThenable(value: unknown): boolean {
  return typeof (value as { readonly then?: unknown } | undefined | null)?.then === 'function';
}
