import { setTimeout as sleep } from 'node:timers/promises';
import { Code, type OperationOutcome, StatusError, WaitTimeoutError } from '../index.js';
import { ExitCode } from './exit-code.js';
import { printable } from './output/printable.js';
import { ProgressLine } from './output/progress-line.js';
import type { Session } from './session.js';
import { onTermination } from './termination.js';

/** How often the live line is brought up to date. The end of an operation is told at once. */
const PROGRESS_INTERVAL_MS = 1000;

/** How long a server may take to say how an operation comes along before that is told. */
const PATIENCE_MS = 3000;

/** Somebody wants this command to end: the reason of its signal. */
class Interrupted extends Error {}

/** `--timeout` passed before the server answered at all. */
class NoAnswer extends Error {}

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
    await session.printOperation(outcome.operation);
    return exitCodeOf(outcome);
  } catch (error) {
    return await gaveUp(session, name, error);
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
  await handle.get({ ...session.timeLeft, signal }).catch((error) => {
    throw isOutOfTime(session, error) ? new NoAnswer('', { cause: error }) : error;
  });
  const over = new AbortController();
  const progress = showProgress(session, name, over.signal);
  try {
    return await handle.wait({ ...session.timeLeft, signal });
  } finally {
    over.abort();
    await progress;
  }
}

/** Whether a call failed because `--timeout` passed: it was the call's deadline. */
function isOutOfTime({ options }: Session, error: unknown): boolean {
  return (
    options.timeout !== undefined && error instanceof StatusError && error.code === Code.DEADLINE_EXCEEDED
  );
}

/**
 * Until the signal aborts. With `--json` nothing but that the server is away is shown, on standard error. Never
 * rejects: whatever else is wrong, the wait tells.
 */
async function showProgress(session: Session, name: string, signal: AbortSignal): Promise<void> {
  const { terminal, options, client } = session;
  const line = new ProgressLine(options.json ? terminal.stderr : terminal.stdout);
  while (!signal.aborted) {
    try {
      const operation = await client.getOperation({ name }, { signal, timeoutMs: PATIENCE_MS });
      if (options.json) line.clear();
      else if (!operation.done) line.show(await session.view(operation));
    } catch (error) {
      if (isAway(error)) line.say('server UNAVAILABLE, trying again');
    }
    // An abort ends the loop.
    await sleep(PROGRESS_INTERVAL_MS, undefined, { signal }).catch(() => {});
  }
  line.clear();
}

/** Tries go on below until the deadline of the call, so that passes when a server is away, too. */
function isAway(error: unknown): boolean {
  return (
    error instanceof StatusError && (error.code === Code.UNAVAILABLE || error.code === Code.DEADLINE_EXCEEDED)
  );
}

/** @throws `error` when it is not about giving up. */
async function gaveUp(session: Session, name: string, error: unknown): Promise<ExitCode> {
  const { options, terminal } = session;
  const tell = (what: string) => {
    const advice = `wait again, or end it with: longrunning cancel ${name}`;
    terminal.stderr.write(`longrunning: ${printable(`${what}: ${advice}`)}\n`);
    return ExitCode.GAVE_UP_WAITING;
  };
  if (error instanceof NoAnswer) return tell(`gave up waiting, no answer from ${options.address}`);
  if (error instanceof Interrupted) return tell('stopped waiting, the operation goes on');
  if (!(error instanceof WaitTimeoutError)) throw error;
  if (error.snapshot) await session.printOperation(error.snapshot.operation);
  return tell('gave up waiting, the operation goes on');
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
