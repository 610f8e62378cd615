import { types } from 'node:util';

/** Receives the value that contained code threw or its promise rejected with. Must not throw. */
export type OnFailure = (error: unknown) => void;

/** Upper bound on the objects examined in one value. */
const MAX_EXAMINED = 100_000;

/**
 * Calls user code. Reports an exception, or the rejection of a returned promise, to `onFailure` only.
 *
 * @returns the result of the call, or undefined if it threw.
 */
export function contain<Result>(call: () => Result, onFailure: OnFailure): Result | undefined {
  const fail: OnFailure = (error) => {
    ignoreRejection(error);
    onFailure(error);
  };
  try {
    const result = call();
    // Reading `then` may throw, too; the promise itself calls `then`.
    if (isThenable(result)) Promise.resolve(result).then(undefined, fail);
    return result;
  } catch (error) {
    fail(error);
    return undefined;
  }
}

/**
 * Ignores the rejection of a promise, and any other value. User code may throw a promise that nobody awaits.
 * An unhandled rejection would terminate the process.
 */
export function ignoreRejection(value: unknown): void {
  if (!types.isPromise(value)) return;
  try {
    Promise.prototype.then.call(value, undefined, () => {});
  } catch {
    // The constructor of a Promise subclass threw.
  }
}

/** Set of event listeners. A listener that throws or rejects affects neither the others nor the notifier. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: Args) => unknown>();
  readonly #onFailure: OnFailure;

  /** @param onFailure - receives the error that a listener threw or rejected with. */
  constructor(onFailure: OnFailure) {
    this.#onFailure = onFailure;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Adds a listener. Returns a function that removes it. */
  add(listener: (...args: Args) => unknown): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  notify(...args: Args): void {
    for (const listener of this.#listeners) contain(() => listener(...args), this.#onFailure);
  }

  clear(): void {
    this.#listeners.clear();
  }
}

/**
 * Returns a user-supplied object after checking that it contains no promise. A promise in it usually means a
 * missing `await`.
 *
 * @param source - names the object in the error message: `response of /acme.v1.Jobs/RunJob`.
 * @throws TypeError if the object contains a promise at any depth. Rejections of all promises in it are then
 * ignored.
 */
export function withoutPromises<Value>(value: Value, source: string): Value {
  let isFound = false;
  const examined = new Set<unknown>([value]);
  // Iterating over a set includes elements added meanwhile.
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

/**
 * Returns the values of an object's data properties. Runs no user code: accessors and proxies are skipped.
 */
function fieldsOf(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || types.isProxy(value))
    return [];
  return Object.keys(value).map((key) => Object.getOwnPropertyDescriptor(value, key)?.value);
}

/**
 * Returns a user-supplied value after checking that it is not a promise.
 *
 * @param source - names the code in the error message: `parent of /acme.v1.Jobs/RunJob`.
 * @throws TypeError if it is a promise. Its rejection is then ignored.
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
