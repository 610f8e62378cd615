import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Any } from '../../../generated/google/protobuf/any.js';
import { assertTimeout } from '../../core/clock.js';
import type { OperationOutcome, OperationSnapshot } from '../../core/operation.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
import { link, type WaitBounds, within } from '../../core/signals.js';
import type { StatusError } from '../../core/status.js';
import {
  OperationCancelledError,
  OperationFailedError,
  operationRejection,
  WaitTimeoutError,
} from '../calls/errors.js';
import { iterable } from '../calls/iteration.js';
import { type RetryPredicate, retryCall } from '../waiting/retry.js';
import { everyChange, type Pace, UNTIL_DONE, type WaitContext, WaitLoop } from '../waiting/wait-loop.js';
import { SharedTask } from './shared-task.js';

/** Limits of a wait. If you stop waiting, the operation continues. */
export interface WaitOptions {
  /**
   * Time limit in milliseconds, after which the wait rejects with {@link WaitTimeoutError}.
   *
   * @defaultValue no limit
   */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait when it aborts; the wait rejects with `signal.reason`. @defaultValue none */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_INTERVAL_MS = 1000;

/** Timeout of one CancelOperation of `cancelAndWait` before it is retried, as long as that of a long poll. */
const CANCEL_TIMEOUT_MS = 60_000;

/** Serializable reference to an operation, which another process can open. */
export interface OperationReference {
  /** Resource name of the operation. */
  readonly name: string;
  /** Path of the method that started it, if known: `/example.reports.v1.Reports/ExportReport`. */
  readonly method?: string | undefined;
}

/** Dependencies that the handles of one client share. */
export interface HandleContext extends WaitContext {
  readonly api: OperationsApi;
  /** Ends every wait when it aborts. */
  readonly closed: AbortSignal | undefined;
  /** Decides if a wait continues after an error that would end it. */
  readonly retry: RetryPredicate | undefined;
}

/** Operation of a handle. */
export interface HandleSubject<Response, Metadata> {
  readonly reference: OperationReference;
  /** State of the operation, if known. */
  readonly operation: Operation | undefined;
  readonly read: (operation: Operation) => OperationSnapshot<Response, Metadata>;
}

/**
 * Handle of one operation. Create it with `client.operation(…)`, or over any {@link OperationsApi} with
 * `operationHandles`.
 *
 * Every call rejects with an `OperationError`, with `signal.reason` if the caller's signal aborts, or with a TypeError for
 * an invalid option.
 *
 * @typeParam Response - type of the response; `google.protobuf.Any` if the method was not given.
 */
export class OperationHandle<Response, Metadata> {
  readonly #context: HandleContext;
  readonly #subject: HandleSubject<Response, Metadata>;
  readonly #ending: SharedTask;
  #latest: Operation | undefined;
  #lastError: StatusError | undefined;
  #unansweredCancels = 0;

  /** For internal use: call `client.operation(…)` instead. */
  constructor(context: HandleContext, subject: HandleSubject<Response, Metadata>) {
    this.#context = context;
    this.#subject = subject;
    this.#latest = subject.operation;
    this.#ending = new SharedTask((signal) => this.#untilDone(signal));
  }

  /** Resource name of the operation. */
  get name(): string {
    return this.#subject.reference.name;
  }

  /**
   * Fetches the current state from the server.
   *
   * @throws OperationError NOT_FOUND if the operation is unknown or has been deleted, or another code of the server.
   */
  async get(options: CallOptions = {}): Promise<OperationSnapshot<Response, Metadata>> {
    const { name } = this;
    const operation = await this.#rejecting(options, () => this.#context.api.getOperation({ name }, options));
    this.#remember(operation);
    return this.#subject.read(operation);
  }

  /**
   * Requests cancellation without waiting for the end. The operation may still succeed; `cancelAndWait` returns the
   * outcome.
   *
   * @throws OperationError UNIMPLEMENTED if its method cannot be cancelled, or another code of the server.
   */
  async cancel(options: CallOptions = {}): Promise<void> {
    const { name } = this;
    await this.#rejecting(options, () => this.#context.api.cancelOperation({ name }, options));
  }

  /**
   * Deletes the operation from the server without cancelling it. Waits for it end with NOT_FOUND.
   *
   * @throws OperationError with the code of the server.
   */
  async delete(options: CallOptions = {}): Promise<void> {
    const { name } = this;
    await this.#rejecting(options, () => this.#context.api.deleteOperation({ name }, options));
  }

  /**
   * Waits for the end. The outcome is `succeeded`, `failed` or `cancelled`. No call is made if the end is known. Any
   * number of waits may run at once, also after one has timed out.
   *
   * @throws WaitTimeoutError after `timeoutMs`; OperationError for an error that is not retried (UNAVAILABLE is retried).
   */
  wait(options: WaitOptions = {}): Promise<OperationOutcome<Response, Metadata>> {
    return this.#within(options, (signal) => this.#outcome(signal));
  }

  /**
   * Waits for the response: decoded by the method, or a `google.protobuf.Any` without one.
   *
   * @throws OperationFailedError or OperationCancelledError for another outcome; errors of `wait`.
   */
  async result(options: WaitOptions = {}): Promise<Response> {
    const outcome = await this.wait(options);
    switch (outcome.state) {
      case 'succeeded':
        return this.#rejecting({}, async () => outcome.response);
      case 'failed':
        throw new OperationFailedError(this.name, outcome);
      case 'cancelled':
        throw new OperationCancelledError(this.name, outcome);
    }
  }

  /**
   * Requests cancellation and waits for the end, which may be another outcome than `cancelled`. `timeoutMs` covers both.
   * No call is made if the end is known. Both calls are retried while the server is UNAVAILABLE. If the cancellation is
   * refused because the operation has just ended, that end is the outcome.
   *
   * @throws OperationError UNIMPLEMENTED if its method cannot be cancelled; errors of `wait`.
   */
  cancelAndWait(options: WaitOptions = {}): Promise<OperationOutcome<Response, Metadata>> {
    return this.#within(options, async (signal) => {
      if (!this.#knownOutcome()) await this.#requestCancel(signal);
      return this.#outcome(signal);
    });
  }

  /**
   * Follows the operation: yields its current state first, then each change of its metadata once, and the end last. Each
   * loop starts again. Leaving a loop early releases its resources and does not cancel the operation. `timeoutMs` starts
   * with the first iteration.
   *
   * @throws TypeError unless `intervalMs` is positive; errors of `wait`, in the loop.
   *
   * @example
   * ```ts
   * for await (const snapshot of operation.updates()) draw(snapshot.state, snapshot.metadata);
   * ```
   */
  updates(
    options: WaitOptions & {
      /**
       * Longest delay of a metadata change, in milliseconds. The end is reported at once, or with the same delay if the
       * server has no WaitOperation or answers it early.
       *
       * @defaultValue 1000
       */
      readonly intervalMs?: number | undefined;
    } = {},
  ): AsyncIterable<OperationSnapshot<Response, Metadata>> {
    assertTimeout(options.timeoutMs);
    const pace = everyChange(options.intervalMs ?? DEFAULT_INTERVAL_MS);
    return iterable((ended) => this.#follow(options, pace, ended));
  }

  /** Returns name and method, from which `client.operation(JSON.parse(text), method)` opens the operation again. */
  toJSON(): OperationReference {
    return this.#subject.reference;
  }

  /** Requests cancellation until the server answers. CancelOperation is idempotent (contract 13). */
  async #requestCancel(signal: AbortSignal): Promise<void> {
    const { api, clock, random, retry } = this.#context;
    const { name } = this;
    const request = () => api.cancelOperation({ name }, { signal, timeoutMs: CANCEL_TIMEOUT_MS });
    this.#unansweredCancels++;
    try {
      await retryCall(request, { signal, clock, random, retry, onError: this.#onError });
    } catch (refusal) {
      signal.throwIfAborted();
      // An operation that has just ended may refuse cancellation; then its end is the outcome.
      await api.getOperation({ name }, { signal }).then(
        (operation) => this.#remember(operation),
        () => signal.throwIfAborted(),
      );
      if (!this.#knownOutcome()) throw refusal;
    } finally {
      this.#unansweredCancels--;
    }
  }

  async #outcome(signal: AbortSignal): Promise<OperationOutcome<Response, Metadata>> {
    let outcome = this.#knownOutcome();
    while (!outcome) {
      await this.#ending.join(signal);
      outcome = this.#knownOutcome();
    }
    return outcome;
  }

  #knownOutcome(): OperationOutcome<Response, Metadata> | undefined {
    const snapshot = this.#latest && this.#subject.read(this.#latest);
    return snapshot?.state === 'running' ? undefined : snapshot;
  }

  async #untilDone(signal: AbortSignal): Promise<void> {
    for await (const _ of this.#states(UNTIL_DONE, signal));
  }

  /** Waits until the operation is done, and remembers the latest state and error. */
  async *#states(pace: Pace, signal: AbortSignal): AsyncGenerator<Operation, void> {
    const { retry } = this.#context;
    const wait = new WaitLoop(this.name, { ...this.#context, pace, retry, signal, onError: this.#onError });
    for await (const operation of wait.states()) {
      this.#remember(operation);
      yield operation;
    }
  }

  readonly #onError = (error: StatusError) => {
    this.#lastError = error;
  };

  async *#follow(
    { timeoutMs, signal }: WaitOptions,
    pace: Pace,
    ended: AbortSignal,
  ): AsyncGenerator<OperationSnapshot<Response, Metadata>, void> {
    signal?.throwIfAborted();
    const { clock, closed } = this.#context;
    const limit = new AbortController();
    const linked = link(signal, ended, closed, limit.signal);
    const timedOut = (ms: number) => limit.abort(this.#timeoutError(ms));
    let stopTimer = () => {};
    try {
      if (timeoutMs !== undefined) stopTimer = clock.setTimer(() => timedOut(timeoutMs), timeoutMs);
      const outcome = this.#knownOutcome();
      if (outcome) return yield outcome;
      const states = this.#states(pace, linked.signal);
      for await (const state of changesOf(states)) yield this.#subject.read(state);
    } catch (thrown) {
      throw operationRejection(this.name, thrown, signal);
    } finally {
      stopTimer();
      linked[Symbol.dispose]();
    }
  }

  #remember(operation: Operation): void {
    this.#lastError = undefined;
    // An end is final (contract 4): an older answer that arrives later does not replace it.
    if (!this.#latest?.done) this.#latest = operation;
  }

  /** Runs `wait` within the limits of the caller. */
  async #within<Result>(
    options: WaitOptions,
    wait: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    options.signal?.throwIfAborted();
    const { clock, closed } = this.#context;
    const timedOut = (timeoutMs: number) => this.#timeoutError(timeoutMs);
    return this.#rejecting(options, async () => {
      const linked = link(options.signal, closed);
      try {
        return await within({ ...options, signal: linked.signal }, timedOut, clock, wait);
      } finally {
        linked[Symbol.dispose]();
      }
    });
  }

  #timeoutError(timeoutMs: number): WaitTimeoutError {
    const snapshot = this.#latest && this.#subject.read(this.#latest);
    const cancelUnanswered = this.#unansweredCancels > 0;
    return new WaitTimeoutError(this.name, timeoutMs, {
      snapshot,
      lastError: this.#lastError,
      cancelUnanswered,
    });
  }

  async #rejecting<Result>({ timeoutMs, signal }: WaitBounds, call: () => Promise<Result>): Promise<Result> {
    assertTimeout(timeoutMs);
    try {
      return await call();
    } catch (thrown) {
      throw operationRejection(this.name, thrown, signal);
    }
  }
}

/** Yields the first state of an operation, those with changed metadata, and the end (contract 40). */
async function* changesOf(states: AsyncIterable<Operation>): AsyncGenerator<Operation, void> {
  let previous: Operation | undefined;
  for await (const state of states) {
    if (!previous || state.done || !sameAny(state.metadata, previous.metadata)) {
      previous = state;
      yield state;
    }
  }
}

function sameAny(one: Any | undefined, other: Any | undefined): boolean {
  if (!one || !other) return one === other;
  return one.typeUrl === other.typeUrl && Buffer.compare(one.value, other.value) === 0;
}
