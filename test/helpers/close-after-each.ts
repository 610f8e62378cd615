import { afterEach } from '@jest/globals';

/**
 * Creates a function that registers what a test opens and returns it. Everything is closed after the test, in
 * reverse order.
 */
export function closeAfterEach(): <First extends AsyncDisposable>(
  first: First,
  ...more: AsyncDisposable[]
) => First {
  let open: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const resource of open.reverse()) await resource[Symbol.asyncDispose]();
    open = [];
  });
  return (first, ...more) => {
    open.push(first, ...more);
    return first;
  };
}
