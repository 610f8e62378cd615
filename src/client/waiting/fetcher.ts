import { type Operation, OperationsService } from '../../../generated/google/longrunning/operations.js';
import type { Duration } from '../../../generated/google/protobuf/duration.js';
import type { Clock } from '../../core/clock.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
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

/** Dependencies of a {@link ConnectedFetcher}. */
export interface ConnectedFetcherOptions {
  readonly caller: Caller;
  readonly connections: WaitConnections;
  readonly clock: Clock;
}

/** Fetcher over separate connections, so that other calls never queue behind waits. */
export class ConnectedFetcher implements OperationFetcher {
  readonly #options: ConnectedFetcherOptions;

  constructor(options: ConnectedFetcherOptions) {
    this.#options = options;
  }

  get(name: string, signal: AbortSignal): Promise<Operation> {
    const { caller, connections } = this.#options;
    return connections.poll(signal, (connection) =>
      caller.call(connection, OperationsService.getOperation, { name }, { signal }),
    );
  }

  async wait(name: string, waitMs: number, signal: AbortSignal): Promise<Operation | undefined> {
    const { caller, connections } = this.#options;
    return connections.tryLongPoll(signal, waitMs, ({ connection, maxMs, signal: polling }) => {
      const timeout = durationOf(maxMs);
      const limits = { timeoutMs: waitTimeoutMs(timeout), signal: polling };
      return caller.call(connection, OperationsService.waitOperation, { name, timeout }, limits);
    });
  }

  /**
   * Makes one WaitOperation call as soon as a slot is free. `timeoutMs` includes the time until then. Without it, the
   * call takes at most 10 s longer than `request.timeout`.
   */
  async waitOperation(
    request: { readonly name: string; readonly timeout?: Duration | undefined },
    options: CallOptions = {},
  ): Promise<Operation> {
    const { caller, connections } = this.#options;
    const { timeoutMs, signal } = options;
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : callDeadline(timeoutMs);
    return connections.longPoll({ deadline, signal }, (connection, leftMs) => {
      const limitMs = leftMs ?? waitTimeoutMs(request.timeout) ?? timeoutMs;
      const { name, timeout } = request;
      const call = { ...options, timeoutMs: limitMs };
      return caller.call(connection, OperationsService.waitOperation, { name, timeout }, call);
    });
  }
}
