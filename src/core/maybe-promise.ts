/** A value or a promise of one. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Returns true for a promise of any realm or library, because user-supplied stores may have their own. */
export function isPromised<Value>(value: MaybePromise<Value>): value is Promise<Value> {
  return typeof (value as { readonly then?: unknown } | undefined | null)?.then === 'function';
}
