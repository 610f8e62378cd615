/** Does `task` so many times, so many at once; tells the milliseconds. */
export async function inLanes(
  { count, inFlight }: { readonly count: number; readonly inFlight: number },
  task: () => Promise<unknown>,
): Promise<number> {
  const startedAt = performance.now();
  let left = count;
  const lane = async () => {
    while (left-- > 0) await task();
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return performance.now() - startedAt;
}
