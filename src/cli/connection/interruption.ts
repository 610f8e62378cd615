import { onTermination, type SignalSource } from './termination.js';

/** Somebody wants the command to end: Ctrl-C, or SIGTERM. The reason of its signal. */
export class Interrupted extends Error {}

/**
 * Does some work that Ctrl-C ends.
 *
 * @throws Interrupted when it did, and whatever the work throws.
 */
export async function interruptible<Result>(
  source: SignalSource,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const interrupting = new AbortController();
  const stopListening = onTermination(source, () => interrupting.abort(new Interrupted()));
  try {
    return await work(interrupting.signal);
  } finally {
    stopListening();
  }
}
