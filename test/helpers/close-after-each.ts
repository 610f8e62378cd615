import { afterEach } from '@jest/globals';

/** Gives a function for what a test opens: it is closed after the test, last first. The first is given back. */
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
