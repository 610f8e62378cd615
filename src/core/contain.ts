import { types } from 'node:util';

/** Notified of what contained code threw, or of what its promise rejected with. Must not throw. */
export type OnFailure = (error: unknown) => void;

/**
 * Calls code of somebody else. Neither an exception nor the rejection of a promise that it returns goes beyond `onFailure`.
 *
 * @returns the result of the call; undefined if it threw.
 */
export function contain<Result>(call: () => Result, onFailure: OnFailure): Result | undefined {
  const fail: OnFailure = (error) => {
    ignoreRejection(error);
    onFailure(error);
  };
  try {
    const result = call();
    // Reading `then` may throw too, and `then` itself is called by the promise.
    if (isThenable(result)) Promise.resolve(result).then(undefined, fail);
    return result;
  } catch (error) {
    fail(error);
    return undefined;
  }
}

/**
 * Ignores the rejection of a promise, and any other value. User code may throw a promise; nobody awaits it then, and Node ends the
 * process for its rejection.
 */
export function ignoreRejection(value: unknown): void {
  if (!types.isPromise(value)) return;
  try {
    Promise.prototype.then.call(value, undefined, () => {});
  } catch {
    // The constructor of a subclass threw.
  }
}

/** Upper bound on the objects examined in one value. */
const MAX_EXAMINED = 100_000;

/**
 * Returns an object of user code that must not contain promises, as it does if an `await` is missing in it.
 *
 * @param source - names the object in the error message: `response of /acme.v1.Jobs/RunJob`.
 * @throws TypeError if it contains a promise, in a field or deeper. The rejections of all of them are then ignored.
 */
export function withoutPromises<Value>(value: Value, source: string): Value {
  let isFound = false;
  const examined = new Set<unknown>([value]);
  // A set also iterates over what is added meanwhile.
  for (const each of examined) {
    if (types.isPromise(each)) {
      isFound = true;
      ignoreRejection(each);
    } else {
      for (const field of fieldsOf(each)) {
        if (typeof field === 'object' && field !== null && examined.size < MAX_EXAMINED) examined.add(field);
      }
    }
  }
  if (isFound) throw new TypeError(`${source} contains a promise: await it, and give its value`);
  return value;
}

/** Values of the fields of an object. Calls no code: accessors are left out, and proxies have none. */
function fieldsOf(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || types.isProxy(value))
    return [];
  return Object.keys(value).map((key) => Object.getOwnPropertyDescriptor(value, key)?.value);
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
