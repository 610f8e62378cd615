import { setTimeout as sleep } from 'node:timers/promises';
import { type OperationOutcome, WaitTimeoutError } from '../index.js';
import { ExitCode } from './exit-code.js';
import { printable } from './output/printable.js';
import { ProgressLine } from './output/progress-line.js';
import type { Session } from './session.js';
import { onTermination } from './termination.js';

/** How often the live line is brought up to date. The end of an operation is told at once. */
const PROGRESS_INTERVAL_MS = 1000;

/** Somebody wants this command to end: the reason of its signal. */
class Interrupted extends Error {}

/**
 * Waits for an operation to end and prints it, showing meanwhile how it comes along. When it takes longer than
 * `--timeout`, or somebody presses Ctrl-C, the wait ends and the operation goes on.
 *
 * @returns the exit code that says how it ended.
 */
export async function awaitOutcome(session: Session, name: string): Promise<ExitCode> {
  const interrupted = new AbortController();
  const stopListening = onTermination(session.terminal, () => interrupted.abort(new Interrupted()));
  try {
    const outcome = await followToEnd(session, name, interrupted.signal);
    session.printOperation(outcome.operation);
    return exitCodeOf(outcome);
  } catch (error) {
    return gaveUp(session, name, error);
  } finally {
    stopListening();
  }
}

async function followToEnd(
  session: Session,
  name: string,
  signal: AbortSignal,
): Promise<OperationOutcome<unknown, unknown>> {
  const handle = session.client.operation(name);
  // A wait puts up with a server that cannot be reached; who got the address wrong is to hear of it.
  await handle.get({ ...session.timeLeft, signal });
  const over = new AbortController();
  const progress = session.options.json ? undefined : showProgress(session, name, over.signal);
  try {
    return await handle.wait({ ...session.timeLeft, signal });
  } finally {
    over.abort();
    await progress;
  }
}

/** Until the signal aborts. Never rejects: whatever is wrong, the wait tells. */
async function showProgress(session: Session, name: string, signal: AbortSignal): Promise<void> {
  const line = new ProgressLine(session.terminal.stdout);
  while (!signal.aborted) {
    try {
      const operation = await session.client.getOperation({ name }, { signal });
      if (!operation.done) line.show(session.toJson(operation));
      await sleep(PROGRESS_INTERVAL_MS, undefined, { signal });
    } catch {
      // An abort ends the loop; after anything else the next look comes no sooner.
      await sleep(PROGRESS_INTERVAL_MS, undefined, { signal }).catch(() => {});
    }
  }
  line.clear();
}

/** @throws `error` when it is not about giving up. */
function gaveUp(session: Session, name: string, error: unknown): ExitCode {
  const timedOut = error instanceof WaitTimeoutError;
  if (!timedOut && !(error instanceof Interrupted)) throw error;
  if (timedOut && error.snapshot) session.printOperation(error.snapshot.operation);
  const what = timedOut ? 'gave up waiting' : 'stopped waiting';
  const advice = `the operation goes on: wait again, or end it with: longrunning cancel ${name}`;
  session.terminal.stderr.write(`longrunning: ${what}, ${printable(advice)}\n`);
  return ExitCode.GAVE_UP_WAITING;
}

function exitCodeOf({ state }: OperationOutcome<unknown, unknown>): ExitCode {
  switch (state) {
    case 'succeeded':
      return ExitCode.SUCCEEDED;
    case 'failed':
      return ExitCode.OPERATION_FAILED;
    case 'cancelled':
      return ExitCode.OPERATION_CANCELLED;
  }
}
