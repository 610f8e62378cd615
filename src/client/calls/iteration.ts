/**
 * Creates an async iterable that starts a generator for each loop. The generator's signal aborts when the loop ends
 * early, even while the next value is pending. A plain generator would notice that only after the value.
 */
export function iterable<Value>(
  generate: (ended: AbortSignal) => AsyncGenerator<Value, void>,
): AsyncIterable<Value> {
  return { [Symbol.asyncIterator]: () => iterator(generate) };
}

function iterator<Value>(
  generate: (ended: AbortSignal) => AsyncGenerator<Value, void>,
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
