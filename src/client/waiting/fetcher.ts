import {
  type Operation,
  OperationsService,
  type WaitOperationRequest,
} from '../../../generated/google/longrunning/operations.js';
import type { CallOptions, NamedRequest, OperationsApi } from '../../core/operations-api.js';
import { callDeadline, durationOf, waitTimeoutMs } from '../calls/call-deadline.js';
import type { Caller } from '../calls/caller.js';
import type { WaitConnections } from './wait-connections.js';

/** Source of operation states for waits. */
export interface OperationFetcher {
  /** Fetches the current state. */
  get(name: string, signal: AbortSignal): Promise<Operation>;
  /** Waits for the end, for at most `waitMs`. Resolves to the state, or to undefined if no slot is free. */
  wait(name: string, waitMs: number, signal: AbortSignal): Promise<Operation | undefined>;
}

/** Creates a fetcher that uses an implementation of the five methods. */
export function fetcherFor(api: OperationsApi): OperationFetcher {
  return {
    get: (name, signal) => api.getOperation({ name }, { signal }),
    wait: (name, waitMs, signal) => api.waitOperation({ name, timeout: durationOf(waitMs) }, { signal }),
  };
}

/** Fetcher over separate connections, so that other calls never queue behind waits. */
export class ConnectedFetcher implements OperationFetcher {
  readonly #caller: Caller;
  readonly #connections: WaitConnections;

  constructor(caller: Caller, connections: WaitConnections) {
    this.#caller = caller;
    this.#connections = connections;
  }

  get(name: string, signal: AbortSignal): Promise<Operation> {
    return this.#connections.poll(signal, (connection) =>
      this.#caller.call(connection, OperationsService.getOperation, { name }, { signal }),
    );
  }

  wait(name: string, waitMs: number, signal: AbortSignal): Promise<Operation | undefined> {
    return this.#connections.tryLongPoll(signal, waitMs, ({ connection, maxMs, signal: limited }) => {
      const timeout = durationOf(maxMs);
      const call = { timeoutMs: waitTimeoutMs(timeout), signal: limited };
      return this.#caller.call(connection, OperationsService.waitOperation, { name, timeout }, call);
    });
  }

  /**
   * Makes one WaitOperation call as soon as a slot is free. `timeoutMs` includes the time until then. Without it, the
   * call takes at most 10 s longer than `request.timeout`.
   */
  async waitOperation(
    { name, timeout }: NamedRequest<WaitOperationRequest>,
    options: CallOptions = {},
  ): Promise<Operation> {
    const { timeoutMs, signal } = options;
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : callDeadline(timeoutMs);
    return this.#connections.longPoll({ deadline, signal }, (connection, leftMs) => {
      const call = { ...options, timeoutMs: leftMs ?? waitTimeoutMs(timeout) ?? timeoutMs };
      return this.#caller.call(connection, OperationsService.waitOperation, { name, timeout }, call);
    });
  }
}
