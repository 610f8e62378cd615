import { type Operation, OperationsService } from '../../../generated/google/longrunning/operations.js';
import type { Duration } from '../../../generated/google/protobuf/duration.js';
import type { Clock } from '../../core/clock.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
import { callDeadline, durationOf, waitTimeoutMs } from '../calls/call-deadline.js';
import type { Caller } from '../calls/caller.js';
import type { WaitConnections } from './wait-connections.js';

/** Source of the state of operations, for a wait that requests it again and again. */
export interface OperationFetcher {
  /** The present state. */
  get(name: string, signal: AbortSignal): Promise<Operation>;
  /** The state at the end of the operation, or after at most `waitMs`; undefined if there is no slot to wait in. */
  wait(name: string, waitMs: number, signal: AbortSignal): Promise<Operation | undefined>;
}

/** Fetches by any implementation of the five methods. */
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

/** Fetches over connections that carry nothing else: no other call stands behind waits, however many there are. */
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
    return connections.tryLongPoll(signal, waitMs, ({ connection, mostMs, signal: polling }) => {
      const timeout = durationOf(mostMs);
      const limits = { timeoutMs: waitTimeoutMs(timeout), signal: polling };
      return caller.call(connection, OperationsService.waitOperation, { name, timeout }, limits);
    });
  }

  /**
   * Makes one WaitOperation call, when there is a slot. A `timeoutMs` covers the time until then too; without one the
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
