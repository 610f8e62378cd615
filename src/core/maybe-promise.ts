/** A value or a promise of one. Answering without a promise is what makes calls on stores in memory fast. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Applies a function to a value at once, or to what a promise resolves to. */
export function andThen<Value, Result>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Result>,
): MaybePromise<Result> {
  return isPromised(value) ? Promise.resolve(value).then(next) : next(value);
}

/** Tells whether a value is a promise, of whatever realm or library: stores of users may have their own. */
export function isPromised<Value>(value: MaybePromise<Value>): value is Promise<Value> {
  return typeof (value as { readonly then?: unknown } | undefined | null)?.then === 'function';
}
