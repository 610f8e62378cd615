import { operationHandles } from '../../client/operations/operation-handles.js';
import {
  type CallOptions,
  Code,
  connectionFault,
  type Operation,
  type OperationOutcome,
  type OperationsApi,
  StatusError,
  WaitTimeoutError,
} from '../../index.js';
import type { Session } from '../connection/session.js';
import { ExitCode, oneLine } from '../output/failure.js';
import { Interrupted, interruptible } from '../output/terminal.js';

/** Displays the progress of an operation. */
export interface OperationViewer {
  /** Shows the current state, and each change. */
  running(operation: Operation): Promise<void>;
  /** Shows that the server does not answer and is being retried; `undefined` means that it answers again. */
  trouble(text: string | undefined): void;
  /** Finishes the display. Only `ended` or `gaveUp` may follow. */
  over(): void;
  /** Shows the final state. */
  ended(operation: Operation): Promise<void>;
  /** Shows the latest state after `--timeout`. */
  gaveUp(operation: Operation): Promise<void>;
}

/** Timeout before the first answer of the server. */
class NoAnswer extends Error {}

/**
 * Follows an operation to its end. After `--timeout` or Ctrl-C it stops with a message on standard error, and the
 * operation continues.
 *
 * @param known - current state; if undefined, it is fetched first.
 * @returns the exit code of the outcome.
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
  const api = observeAvailability(session.client, (available) =>
    viewer.trouble(available ? undefined : AWAY),
  );
  for await (const snapshot of operationHandles(api)(present).updates({ ...session.timeLeft, signal })) {
    if (snapshot.state !== 'running') return snapshot;
    await viewer.running(snapshot.operation);
  }
  throw new Error('updates of an operation ended without its end');
}

/** Fetches the state once without the retries of a wait, so that a wrong address is reported. */
function stateOf(session: Session, name: string, signal: AbortSignal): Promise<Operation> {
  return session.client.getOperation({ name }, { ...session.timeLeft, signal }).catch((error) => {
    throw isOutOfTime(session, error) ? new NoAnswer('', { cause: error }) : error;
  });
}

/** Returns true if a call failed because `--timeout`, its deadline, passed. */
function isOutOfTime({ options }: Session, error: unknown): boolean {
  return (
    options.timeout !== undefined && error instanceof StatusError && error.code === Code.DEADLINE_EXCEEDED
  );
}

/** Describes an error that means giving up; undefined for any other error. */
function whyGivenUp(error: unknown, { options }: Session): string | undefined {
  if (error instanceof NoAnswer) {
    const fault = connectionFault(error.cause);
    return `gave up waiting, no answer from ${options.address}${fault ? `: ${fault.reason}` : ''}`;
  }
  if (error instanceof Interrupted) return 'stopped waiting, the operation continues';
  if (error instanceof WaitTimeoutError) return 'gave up waiting, the operation continues';
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

/** Message on standard error while the server does not answer. */
export const AWAY = 'server UNAVAILABLE, trying again';

/** Returns true if a call failed because the server was unreachable or too slow. */
export function isAway(error: unknown): boolean {
  return (
    error instanceof StatusError && (error.code === Code.UNAVAILABLE || error.code === Code.DEADLINE_EXCEEDED)
  );
}

/**
 * Forwards calls, and reports when the server stops and resumes answering. Waits retry such failures silently.
 *
 * @param onChange - receives true when the server is available again.
 */
export function observeAvailability(
  api: OperationsApi,
  onChange: (available: boolean) => void,
): OperationsApi {
  let available = true;
  const update = (now: boolean) => {
    if (now === available) return;
    available = now;
    onChange(now);
  };
  const observed = async <Answer>(
    call: (options?: CallOptions) => Promise<Answer>,
    options?: CallOptions,
  ): Promise<Answer> => {
    try {
      const answer = await call(options);
      update(true);
      return answer;
    } catch (error) {
      // An abort by the caller says nothing about the server.
      if (!options?.signal?.aborted) update(!isAway(error));
      throw error;
    }
  };
  return {
    getOperation: (request, options) => observed((call) => api.getOperation(request, call), options),
    listOperations: (request, options) => observed((call) => api.listOperations(request, call), options),
    cancelOperation: (request, options) => observed((call) => api.cancelOperation(request, call), options),
    deleteOperation: (request, options) => observed((call) => api.deleteOperation(request, call), options),
    waitOperation: (request, options) => observed((call) => api.waitOperation(request, call), options),
  };
}
