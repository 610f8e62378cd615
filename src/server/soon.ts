/** What may be there already. A promise for what is there costs more than many a call does besides. */
export type Soon<Value> = Value | Promise<Value>;

/** Goes on at once with what is there, and later with what is promised. */
export function whenThere<Value, Result>(
  soon: Soon<Value>,
  goOn: (value: Value) => Soon<Result>,
): Soon<Result> {
  return soon instanceof Promise ? soon.then(goOn) : goOn(soon);
}
