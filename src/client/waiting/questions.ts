import { type Operation, OperationsService } from '../../../generated/google/longrunning/operations.js';
import type { Duration } from '../../../generated/google/protobuf/duration.js';
import type { Clock } from '../../clock.js';
import { timeLeftMs } from '../../deadline.js';
import type { CallOptions, OperationsApi } from '../../operations-api.js';
import { callDeadline, shortened, waitTimeoutMs } from '../calls/call-deadline.js';
import type { Caller } from '../calls/caller.js';
import { durationMs, durationOf } from '../calls/duration.js';
import type { TurnPriority } from './turn-queue.js';
import type { WaitConnections } from './wait-connections.js';

/** How one question is put. */
export interface QuestionOptions {
  readonly signal: AbortSignal;
  /** Whether it is the first of a wait. */
  readonly priority: TurnPriority;
}

/** How the state of an operation is asked for, again and again. */
export interface Questions {
  /** The present state. */
  get(name: string, options: QuestionOptions): Promise<Operation>;
  /** The state at the end of the operation, or after `waitMs`; perhaps earlier. */
  wait(name: string, waitMs: number, options: QuestionOptions): Promise<Operation>;
}

/** Questions to any implementation of the five methods. */
export function questionsTo(api: OperationsApi): Questions {
  return {
    get: (name, { signal }) => api.getOperation({ name }, { signal }),
    wait: (name, waitMs, { signal }) => api.waitOperation({ name, timeout: durationOf(waitMs) }, { signal }),
  };
}

/** What {@link WaitQuestions} works with. */
export interface WaitQuestionsOptions {
  readonly caller: Caller;
  readonly connections: WaitConnections;
  readonly clock: Clock;
}

/**
 * Questions over connections of their own: however many there are, no other call stands behind them. Those of a
 * server that is polled go there too.
 */
export class WaitQuestions implements Questions {
  readonly #options: WaitQuestionsOptions;

  constructor(options: WaitQuestionsOptions) {
    this.#options = options;
  }

  async get(name: string, { priority, signal }: QuestionOptions): Promise<Operation> {
    const { caller, connections } = this.#options;
    const request = { name, priority, signal, deadline: Number.POSITIVE_INFINITY };
    return connections.run(request, ({ connection, signal: ofTurn }) =>
      caller.call(connection, OperationsService.getOperation, { name }, { signal: ofTurn }),
    );
  }

  async wait(name: string, waitMs: number, { priority, signal }: QuestionOptions): Promise<Operation> {
    return this.waitOperation({ name, timeout: durationOf(waitMs) }, { signal }, priority);
  }

  /**
   * A `timeoutMs` covers the time until the turn comes too; without, a call may take 10 s longer than
   * `request.timeout`. What has to give up its place goes on with what is left of `request.timeout`.
   */
  async waitOperation(
    { name, timeout }: { readonly name: string; readonly timeout?: Duration | undefined },
    options: CallOptions = {},
    priority: TurnPriority = 'first',
  ): Promise<Operation> {
    const { caller, connections, clock } = this.#options;
    const { timeoutMs, signal } = options;
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : callDeadline(timeoutMs);
    let startedAt: number | undefined;
    return connections.run({ name, priority, deadline, signal }, ({ connection, turnMs, signal: ofTurn }) => {
      const now = clock.now();
      startedAt ??= now;
      const left = timeout && remaining(timeout, now - startedAt);
      const request = { name, timeout: shortened(left, turnMs) };
      const limitMs = timeoutMs === undefined ? waitTimeoutMs(request.timeout) : timeLeftMs(deadline);
      const call = { ...options, timeoutMs: limitMs ?? timeoutMs, signal: ofTurn };
      return caller.call(connection, OperationsService.waitOperation, request, call);
    });
  }
}

/** A negative timeout is for the server to refuse. */
function remaining(timeout: Duration, passedMs: number): Duration {
  return passedMs === 0 ? timeout : durationOf(Math.max(0, durationMs(timeout) - passedMs));
}
