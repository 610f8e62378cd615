/** What may be there already. A promise for what is there costs more than many a call does besides. */
export type Soon<Value> = Value | Promise<Value>;

/** Goes on at once with what is there, and later with what is promised. */
export function whenThere<Value, Result>(
  soon: Soon<Value>,
  goOn: (value: Value) => Soon<Result>,
): Soon<Result> {
  return isPromised(soon) ? Promise.resolve(soon).then(goOn) : goOn(soon);
}

/** Whether it is to be waited for, whoever made it: stores of users may have promises of their own, or of another realm. */
export function isPromised<Value>(soon: Soon<Value>): soon is Promise<Value> {
  return typeof (soon as { readonly then?: unknown } | undefined | null)?.then === 'function';
}
