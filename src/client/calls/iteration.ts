/**
 * An async iterable of what a generator yields, begun anew by each loop over it. Its signal aborts when a loop
 * ends early, also while the next value is still being waited for: a generator alone would hear of that only
 * when the value had come.
 */
export function iterable<Value>(
  generate: (left: AbortSignal) => AsyncGenerator<Value, void>,
): AsyncIterable<Value> {
  return { [Symbol.asyncIterator]: () => iterator(generate) };
}

function iterator<Value>(
  generate: (left: AbortSignal) => AsyncGenerator<Value, void>,
): AsyncIterator<Value, void> {
  const leaving = new AbortController();
  const values = generate(leaving.signal);
  return {
    async next() {
      try {
        return await values.next();
      } catch (thrown) {
        if (leaving.signal.aborted) return { done: true, value: undefined };
        throw thrown;
      }
    },
    async return() {
      leaving.abort();
      return values.return();
    },
  };
}
