import {
  type CallOptions,
  Code,
  connectionFault,
  type Operation,
  type OperationOutcome,
  type OperationsApi,
  operationHandles,
  StatusError,
  WaitTimeoutError,
} from '../../index.js';
import type { Session } from '../connection/session.js';
import { ExitCode, oneLine } from '../output/failure.js';
import { Interrupted, interruptible } from '../output/terminal.js';

/** Shows what becomes of an operation. */
export interface OperationViewer {
  /** Its present state, and each change. */
  running(operation: Operation): Promise<void>;
  /** The server does not answer, and is asked again; `undefined`: it does again. */
  trouble(text: string | undefined): void;
  /** There is nothing more to come, but perhaps the end: whatever is half shown is to be finished. */
  over(): void;
  ended(operation: Operation): Promise<void>;
  /** `--timeout` passed; the latest state. */
  gaveUp(operation: Operation): Promise<void>;
}

/** `--timeout` passed before the server answered at all. */
class NoAnswer extends Error {}

/**
 * Follows an operation to its end. When that takes longer than `--timeout`, or somebody presses Ctrl-C, the
 * following ends and the operation goes on, which standard error tells.
 *
 * @param known - its state; undefined: it is got first.
 * @returns the exit code that says how it ended.
 */
export async function followOperation(
  session: Session,
  name: string,
  viewer: OperationViewer,
  known?: Operation,
): Promise<ExitCode> {
  try {
    const end = await interruptible(session.terminal, (signal) =>
      toEnd(session, known ?? name, viewer, signal).finally(() => viewer.over()),
    );
    await viewer.ended(end.operation);
    return exitCodeOf(end);
  } catch (error) {
    if (error instanceof WaitTimeoutError && error.snapshot) await viewer.gaveUp(error.snapshot.operation);
    const what = whyGivenUp(error, session);
    if (what === undefined) throw error;
    const advice = `longrunning get ${name} shows it, longrunning cancel ${name} ends it`;
    session.terminal.stderr.write(`${oneLine(`${what}: ${advice}`)}\n`);
    return ExitCode.GAVE_UP_WAITING;
  }
}

type Outcome = OperationOutcome<unknown, unknown>;

async function toEnd(
  session: Session,
  followed: string | Operation,
  viewer: OperationViewer,
  signal: AbortSignal,
): Promise<Outcome> {
  const present = typeof followed === 'string' ? await stateOf(session, followed, signal) : followed;
  const api = tellingAvailability(session.client, (available) =>
    viewer.trouble(available ? undefined : AWAY),
  );
  for await (const snapshot of operationHandles(api)(present).updates({ ...session.timeLeft, signal })) {
    if (snapshot.state !== 'running') return snapshot;
    await viewer.running(snapshot.operation);
  }
  throw new Error('updates of an operation ended without its end');
}

/** A wait puts up with a server that cannot be reached; who got the address wrong is to hear of it. */
function stateOf(session: Session, name: string, signal: AbortSignal): Promise<Operation> {
  return session.client.getOperation({ name }, { ...session.timeLeft, signal }).catch((error) => {
    throw isOutOfTime(session, error) ? new NoAnswer('', { cause: error }) : error;
  });
}

/** Whether a call failed because `--timeout` passed: it was the call's deadline. */
function isOutOfTime({ options }: Session, error: unknown): boolean {
  return (
    options.timeout !== undefined && error instanceof StatusError && error.code === Code.DEADLINE_EXCEEDED
  );
}

/** Undefined when an error is not about giving up. */
function whyGivenUp(error: unknown, { options }: Session): string | undefined {
  if (error instanceof NoAnswer) {
    const fault = connectionFault(error.cause);
    return `gave up waiting, no answer from ${options.address}${fault ? `: ${fault.reason}` : ''}`;
  }
  if (error instanceof Interrupted) return 'stopped waiting, the operation goes on';
  if (error instanceof WaitTimeoutError) return 'gave up waiting, the operation goes on';
  return undefined;
}

function exitCodeOf({ state }: Outcome): ExitCode {
  switch (state) {
    case 'succeeded':
      return ExitCode.SUCCEEDED;
    case 'failed':
      return ExitCode.OPERATION_FAILED;
    case 'cancelled':
      return ExitCode.OPERATION_CANCELLED;
  }
}

/** What is said, on standard error, of a server that does not answer. */
export const AWAY = 'server UNAVAILABLE, trying again';

/** Whether a call failed because the server could not be reached, or did not answer it in time. */
export function isAway(error: unknown): boolean {
  return (
    error instanceof StatusError && (error.code === Code.UNAVAILABLE || error.code === Code.DEADLINE_EXCEEDED)
  );
}

/**
 * Passes calls on, and tells when the server ceases to answer and when it answers again: waits put up with that,
 * and say nothing of it.
 */
export function tellingAvailability(api: OperationsApi, tell: (available: boolean) => void): OperationsApi {
  let available = true;
  const found = (now: boolean) => {
    if (now === available) return;
    available = now;
    tell(now);
  };
  const heard = async <Answer>(
    call: (options?: CallOptions) => Promise<Answer>,
    options?: CallOptions,
  ): Promise<Answer> => {
    try {
      const answer = await call(options);
      found(true);
      return answer;
    } catch (error) {
      // What the caller's own signal ended says nothing of the server.
      if (!options?.signal?.aborted) found(!isAway(error));
      throw error;
    }
  };
  return {
    getOperation: (request, options) => heard((call) => api.getOperation(request, call), options),
    listOperations: (request, options) => heard((call) => api.listOperations(request, call), options),
    cancelOperation: (request, options) => heard((call) => api.cancelOperation(request, call), options),
    deleteOperation: (request, options) => heard((call) => api.deleteOperation(request, call), options),
    waitOperation: (request, options) => heard((call) => api.waitOperation(request, call), options),
  };
}
