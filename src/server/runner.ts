import type { Any } from '../../generated/google/protobuf/any.js';
import type { Clock } from '../clock.js';
import { Code, kitError, StatusError } from '../status.js';
import type { OperationRecord, OperationStore, WorkConsumer } from '../stores/operation-store.js';
import { internalError } from './internal-error.js';
import { cancellation, type LifecycleEvent } from './lifecycle.js';
import type { Logger } from './logger.js';
import type { ServedMethod } from './served-method.js';
import type { Transitions } from './transitions.js';
import type { Waiters } from './waiters.js';

/** What a runner works with. */
export interface RunnerOptions {
  readonly store: OperationStore;
  readonly methods: ReadonlyMap<string, ServedMethod>;
  readonly transitions: Transitions;
  readonly waiters: Waiters;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly concurrency: number;
}

/** One operation at work in this process. */
interface Run {
  readonly controller: AbortController;
  readonly settled: Promise<void>;
}

/** Does the work that the store hands out, and tells the store how it went. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #runs = new Map<string, Run>();
  readonly #consumer: WorkConsumer;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#consumer = options.store.consume((record) => this.#take(record), {
      concurrency: options.concurrency,
      onError: (error) => options.logger.error({ err: error }, 'work could not be done or recorded'),
    });
  }

  /**
   * Takes on no more work and gives what runs `graceMs` to end. What has not is told so by its signal and
   * recorded as interrupted; nothing is recorded as cancelled that nobody cancelled.
   */
  async close(graceMs: number): Promise<void> {
    this.#consumer.stop();
    const settled = Promise.allSettled([...this.#runs.values()].map((run) => run.settled));
    if (graceMs > 0) await this.#atMost(graceMs, settled);
    await Promise.all([...this.#runs].map(([name, run]) => this.#interrupt(name, run)));
  }

  async #interrupt(name: string, { controller }: Run): Promise<void> {
    const { clock, logger, transitions } = this.#options;
    try {
      await transitions.commit(name, () => ({ type: 'interrupted', at: clock.now() }));
    } catch (error) {
      logger.error({ err: error, operation: name }, 'interruption could not be recorded');
    }
    const message = 'the server stops: end the work and start it again later';
    controller.abort(kitError(Code.ABORTED, 'SERVER_STOPPING', message));
  }

  /** Resolves with the promise, or after so long without it. */
  async #atMost(timeoutMs: number, promise: Promise<unknown>): Promise<void> {
    await new Promise<void>((resolve) => {
      const stopTimer = this.#options.clock.setTimer(resolve, timeoutMs);
      promise.then(stopTimer).then(resolve);
    });
  }

  #take(record: OperationRecord): Promise<void> {
    const controller = new AbortController();
    const settled = this.#run(record.name, controller).finally(() => this.#runs.delete(record.name));
    this.#runs.set(record.name, { controller, settled });
    return settled;
  }

  async #run(name: string, controller: AbortController): Promise<void> {
    const { clock, methods, store, transitions, waiters } = this.#options;
    // Watched from before the start, so that no request to cancel falls between the two.
    const unsubscribe = waiters.subscribe(name, () => this.#heed(name, controller));
    try {
      const started = await transitions.commit(name, () => ({ type: 'started', at: clock.now() }));
      const method = started && methods.get(started.method);
      if (!method || started.result) return;
      if (started.cancelRequestTime !== undefined) controller.abort(StatusError.from(cancellation(name)));
      const ending = await this.#work(method, started, controller.signal);
      const ended = await transitions.commit(name, () => ending);
      // Nobody finds it any more, so nothing keeps it.
      if (ended?.deleteTime !== undefined) await store.delete(name);
    } finally {
      unsubscribe();
    }
  }

  /** Aborts the work if the record says that its cancellation was requested. */
  async #heed(name: string, controller: AbortController): Promise<void> {
    try {
      const record = await this.#options.store.get(name);
      if (record?.cancelRequestTime !== undefined) controller.abort(StatusError.from(cancellation(name)));
    } catch (error) {
      this.#options.logger.error({ err: error, operation: name }, 'operation could not be read');
    }
  }

  /** Runs the method to its end, and says which of the three endings it was. */
  async #work(method: ServedMethod, record: OperationRecord, signal: AbortSignal): Promise<LifecycleEvent> {
    const { clock, transitions } = this.#options;
    const { name, attempt } = record;
    let updates = Promise.resolve();
    const update = (metadata: object): Promise<void> => {
      const updated = updates.then(async () => {
        await transitions.commit(name, (current) => {
          return { type: 'updated', attempt, metadata: method.merge(current, metadata) };
        });
      });
      updates = updated.catch((error) => this.#log(record, 'progress could not be recorded', error));
      return updated;
    };

    let ending: Any | { thrown: unknown };
    try {
      ending = await method.run(record, { signal, update });
    } catch (thrown) {
      ending = { thrown };
    }
    // Progress that was reported is seen before the end is.
    await updates;
    const at = clock.now();
    if (!('thrown' in ending)) return { type: 'succeeded', attempt, at, response: ending };
    const error = obeyed(ending.thrown, signal)
      ? StatusError.from(signal.reason)
      : this.#failure(record, ending.thrown);
    const asAsked = error === signal.reason && error.code === Code.CANCELLED;
    return asAsked ? { type: 'cancelled', attempt, at } : { type: 'failed', attempt, at, error };
  }

  #failure(record: OperationRecord, thrown: unknown): StatusError {
    if (thrown instanceof StatusError) return thrown;
    this.#log(record, 'operation failed unexpectedly', thrown);
    return internalError(record.method, thrown);
  }

  #log({ name, method }: OperationRecord, message: string, error: unknown): void {
    this.#options.logger.error({ err: error, operation: name, method }, message);
  }
}

/**
 * Whether work ended because its signal aborted: it threw the signal's reason, an error with that as its cause,
 * what Node's own functions throw for it (an AbortError), or that a gRPC call of its own was cancelled.
 */
function obeyed(thrown: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  if (thrown === signal.reason) return true;
  if (thrown instanceof StatusError) return false;
  // By name: an error of another realm, as test runners have them, is no instance of our Error.
  const { name, cause } = (thrown ?? {}) as { readonly name?: unknown; readonly cause?: unknown };
  return name === 'AbortError' || cause === signal.reason || StatusError.from(thrown).code === Code.CANCELLED;
}
