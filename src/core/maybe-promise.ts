/** A value or a promise of one. Returning plain values keeps calls on in-memory stores fast. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Applies a function to a value, immediately if it is not a promise. */
export function andThen<Value, Result>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Result>,
): MaybePromise<Result> {
  return isPromised(value) ? Promise.resolve(value).then(next) : next(value);
}

/** Returns true for a promise of any realm or library, because user-supplied stores may have their own. */
export function isPromised<Value>(value: MaybePromise<Value>): value is Promise<Value> {
  return typeof (value as { readonly then?: unknown } | undefined | null)?.then === 'function';
}
