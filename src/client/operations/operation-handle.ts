import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Clock } from '../../core/clock.js';
import { assertTimeout } from '../../core/clock.js';
import type { OperationOutcome, OperationSnapshot } from '../../core/operation.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
import { link, type Patience, within } from '../../core/signals.js';
import type { StatusError } from '../../core/status.js';
import {
  OperationCancelledError,
  OperationFailedError,
  operationRejection,
  WaitTimeoutError,
} from '../calls/errors.js';
import { iterable } from '../calls/iteration.js';
import type { Poller } from '../waiting/poller.js';
import { changesOf } from '../waiting/poller.js';
import { type RetryPredicate, retryCall } from '../waiting/retry.js';
import { SharedTask } from '../waiting/shared-task.js';
import { everyChange, type Pace, UNTIL_DONE } from '../waiting/wait-policy.js';

/** Limits of a wait. If you stop waiting, the operation continues. */
export interface WaitOptions {
  /**
   * Gives up after so many milliseconds, with {@link WaitTimeoutError}.
   *
   * @defaultValue without limit
   */
  readonly timeoutMs?: number;
  /** Gives up when it aborts: rejects with `signal.reason`. @defaultValue none */
  readonly signal?: AbortSignal;
}

/** Options of following an operation. */
export interface UpdatesOptions extends WaitOptions {
  /**
   * Within how many milliseconds a change of metadata is to be told. An end is told at once; where the server has
   * no WaitOperation, or answers it early, within so many milliseconds too.
   *
   * @defaultValue 1000
   */
  readonly intervalMs?: number;
}

const DEFAULT_INTERVAL_MS = 1000;

/** Timeout of one CancelOperation of `cancelAndWait`, as long as that of a long poll, before it is made again. */
const CANCEL_TIMEOUT_MS = 60_000;

/** Reference by which an operation is found again, in another process too. */
export interface OperationReference {
  /** The resource name of the operation. */
  readonly name: string;
  /** Path of the method that started it, where it is known: `/example.reports.v1.Reports/ExportReport`. */
  readonly method?: string;
}

/** Dependencies that the handles of one client share. */
export interface HandleContext {
  readonly api: OperationsApi;
  readonly poller: Poller;
  readonly clock: Clock;
  /** Jitters delays: a number from 0 up to 1. */
  readonly random: () => number;
  /** Ends every wait when it aborts. */
  readonly closed: AbortSignal | undefined;
  /** Decides if a wait goes on after an error that would end it. */
  readonly retry: RetryPredicate | undefined;
}

/** The operation that a handle is for. */
export interface HandleSubject<Response, Metadata> {
  readonly reference: OperationReference;
  /** Its state, where it is known already. */
  readonly operation: Operation | undefined;
  readonly read: (operation: Operation) => OperationSnapshot<Response, Metadata>;
}

/**
 * One operation, and what can be done with it. Made by `client.operation(…)`, or over any
 * {@link OperationsApi} by `operationHandles`.
 *
 * Every call rejects with an `OperationError`, but for `signal.reason` when the caller's signal aborts.
 *
 * @typeParam Response - what it ends with; `google.protobuf.Any` when the method was not given.
 */
export class OperationHandle<Response, Metadata> {
  readonly #context: HandleContext;
  readonly #subject: HandleSubject<Response, Metadata>;
  readonly #ending: SharedTask<void>;
  #latest: Operation | undefined;
  #lastError: StatusError | undefined;
  #unansweredCancels = 0;

  /** Use `client.operation(…)`. */
  constructor(context: HandleContext, subject: HandleSubject<Response, Metadata>) {
    this.#context = context;
    this.#subject = subject;
    this.#latest = subject.operation;
    this.#ending = new SharedTask((signal) => this.#untilDone(signal), context.closed);
  }

  /** The resource name of the operation. */
  get name(): string {
    return this.#subject.reference.name;
  }

  /**
   * Asks the server for the latest state.
   *
   * @throws OperationError NOT_FOUND when the server does not know it (any more), or another code of the server.
   */
  async get(options: CallOptions = {}): Promise<OperationSnapshot<Response, Metadata>> {
    const { name } = this;
    const operation = await this.#rejecting(options, () => this.#context.api.getOperation({ name }, options));
    this.#remember(operation);
    return this.#subject.read(operation);
  }

  /**
   * Asks for the operation to be cancelled, without waiting for it. It may still succeed; `cancelAndWait` tells.
   *
   * @throws OperationError UNIMPLEMENTED when its method cannot be cancelled, or another code of the server.
   */
  async cancel(options: CallOptions = {}): Promise<void> {
    const { name } = this;
    await this.#rejecting(options, () => this.#context.api.cancelOperation({ name }, options));
  }

  /**
   * Lets the server forget the operation. It is not cancelled, and waits for it end with NOT_FOUND.
   *
   * @throws OperationError with the code of the server.
   */
  async delete(options: CallOptions = {}): Promise<void> {
    const { name } = this;
    await this.#rejecting(options, () => this.#context.api.deleteOperation({ name }, options));
  }

  /**
   * Waits for the end, and tells which of the three it was: `succeeded`, `failed` or `cancelled`. No call is
   * made when the end is known already. Any number of waits may go on at once, and after one gave up.
   *
   * @throws WaitTimeoutError after `timeoutMs`; OperationError when asking fails for good (a server that is
   * UNAVAILABLE is asked again).
   */
  wait(options: WaitOptions = {}): Promise<OperationOutcome<Response, Metadata>> {
    return this.#within(options, (signal) => this.#outcome(signal));
  }

  /**
   * Waits for the response: decoded by the method, or a `google.protobuf.Any` without one.
   *
   * @throws OperationFailedError and OperationCancelledError when it ended otherwise; else what `wait` throws.
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
   * Asks for the operation to be cancelled and waits for what became of it, which may be another end than
   * `cancelled`. `timeoutMs` covers both. No call is made when the end is known already. A server that is
   * UNAVAILABLE is asked again, for the cancellation as for the end. If the cancellation is refused because the
   * operation has just ended, that end is the outcome.
   *
   * @throws OperationError UNIMPLEMENTED when its method cannot be cancelled; else what `wait` throws.
   */
  cancelAndWait(options: WaitOptions = {}): Promise<OperationOutcome<Response, Metadata>> {
    return this.#within(options, async (signal) => {
      if (!this.#knownOutcome()) await this.#requestCancel(signal);
      return this.#outcome(signal);
    });
  }

  /**
   * Follows the operation: its present state first, then every change of its metadata once, the end last. Each
   * loop asks anew; leaving one early frees all that it used, and cancels nothing. `timeoutMs` counts from the
   * first step of the loop.
   *
   * @throws in the loop what `wait` throws; INVALID_ARGUMENT when `intervalMs` is not above 0.
   *
   * @example
   * ```ts
   * for await (const snapshot of operation.updates()) draw(snapshot.state, snapshot.metadata);
   * ```
   */
  updates(options: UpdatesOptions = {}): AsyncIterable<OperationSnapshot<Response, Metadata>> {
    return iterable((left) => this.#follow(options, left));
  }

  /** Name and method: `client.operation(JSON.parse(text), method)` goes on from it. */
  toJSON(): OperationReference {
    return this.#subject.reference;
  }

  /** Requests cancellation until the server has answered; repeating that does no harm (contract 13). */
  async #requestCancel(limit: AbortSignal): Promise<void> {
    const { api, clock, random, closed, retry } = this.#context;
    const { name } = this;
    const linked = link(limit, closed);
    const { signal } = linked;
    const onError = (error: StatusError) => {
      this.#lastError = error;
    };
    const request = () => api.cancelOperation({ name }, { signal, timeoutMs: CANCEL_TIMEOUT_MS });
    this.#unansweredCancels++;
    try {
      await retryCall(request, { signal, clock, random, retry, onError });
    } catch (refusal) {
      signal.throwIfAborted();
      // An operation that has just ended may be no longer cancellable; then its end is the outcome.
      await api.getOperation({ name }, { signal }).then(
        (operation) => this.#remember(operation),
        () => signal.throwIfAborted(),
      );
      if (!this.#knownOutcome()) throw refusal;
    } finally {
      this.#unansweredCancels--;
      linked[Symbol.dispose]();
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

  /** Asks until the operation is done, and keeps what is told. */
  async *#states(pace: Pace, signal: AbortSignal): AsyncGenerator<Operation, void> {
    const { poller, retry } = this.#context;
    for await (const answer of poller.answers(this.name, { pace, retry, signal })) {
      switch (answer.kind) {
        case 'told':
          this.#remember(answer.operation);
          yield answer.operation;
          break;
        case 'unanswered':
          this.#lastError = answer.error;
          break;
      }
    }
  }

  async *#follow(
    { intervalMs = DEFAULT_INTERVAL_MS, timeoutMs, signal }: UpdatesOptions,
    left: AbortSignal,
  ): AsyncGenerator<OperationSnapshot<Response, Metadata>, void> {
    signal?.throwIfAborted();
    const { clock, closed } = this.#context;
    const limit = new AbortController();
    const linked = link(signal, left, closed, limit.signal);
    const timedOut = (ms: number) => limit.abort(this.#timeoutError(ms));
    let stopTimer = () => {};
    try {
      assertTimeout(timeoutMs);
      if (timeoutMs !== undefined) stopTimer = clock.setTimer(() => timedOut(timeoutMs), timeoutMs);
      const outcome = this.#knownOutcome();
      if (outcome) return yield outcome;
      const states = this.#states(everyChange(intervalMs), linked.signal);
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
    // An end is for good (contract 4): an answer that was overtaken does not take it back.
    if (!this.#latest?.done) this.#latest = operation;
  }

  /** Does some waiting until the caller's signal or time-out ends it. */
  async #within<Result>(
    options: WaitOptions,
    wait: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    options.signal?.throwIfAborted();
    const timedOut = (timeoutMs: number) => this.#timeoutError(timeoutMs);
    return this.#rejecting(options, () => within(options, timedOut, this.#context.clock, wait));
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

  async #rejecting<Result>({ timeoutMs, signal }: Patience, call: () => Promise<Result>): Promise<Result> {
    try {
      assertTimeout(timeoutMs);
      return await call();
    } catch (thrown) {
      throw operationRejection(this.name, thrown, signal);
    }
  }
}
