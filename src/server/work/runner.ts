import { loggerWith, warn } from '../../core/logger.js';
import { atMost } from '../../core/signals.js';
import { traceIdOf } from '../../core/trace-context.js';
import type { OperationRecord, WorkConsumer, WorkOutcome } from '../../stores/contract/operation-store.js';
import { Recorder } from './recorder.js';
import { Run, type RunOptions } from './run.js';
import type { ServedMethod } from './served-method.js';
import type { Transitions } from './transitions.js';

/** Dependencies and options of a runner. */
export interface RunnerOptions extends RunOptions {
  readonly methods: ReadonlyMap<string, ServedMethod>;
  readonly transitions: Transitions;
  /** Maximum number of operations that run concurrently, of all methods. */
  readonly maxRunning: number;
}

/** Runs the work that the store assigns, and reports the outcomes to the store. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #runs = new Set<Run>();
  readonly #consumer: WorkConsumer;
  /** Paths of the methods whose work this server accepts; stores read it for each assignment. */
  readonly #accepted: Set<string>;
  #stopped = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#accepted = new Set(options.methods.keys());
    for (const method of options.methods.values()) this.#warnOfInterruptions(method);
    this.#consumer = options.store.consume((record) => this.#startRun(record), {
      methods: this.#accepted,
      maxRunning: options.maxRunning,
      maxRunningOf: (path) => options.methods.get(path)?.maxRunning ?? Number.POSITIVE_INFINITY,
      onError: (error) => options.logger.error({ err: error }, 'work could not be done or recorded'),
      onWarning: (message) => warn(options.logger, message),
    });
  }

  /** Accepts work of one more method. */
  accept(path: string): void {
    if (this.#accepted.has(path)) return;
    this.#accepted.add(path);
    this.#consumer.added?.(path);
    this.#warnOfInterruptions(this.#options.methods.get(path));
  }

  /** Warns that a deployment ends running work, unless the application chose that. */
  #warnOfInterruptions(method: ServedMethod | undefined): void {
    const { store, logger } = this.#options;
    if (!store.durable || !method?.hasDefaultOnInterrupted) return;
    const effect = `when this server stops, running work of ${method.path} ends with ABORTED, because its onInterrupted is not set`;
    const advice = "set it to 'resume' to run the work again on another server, or to 'abort' to keep this";
    warn(loggerWith(logger, { method: method.path }), `${effect}: ${advice}`);
  }

  /**
   * Accepts no more work and gives running work `graceMs` to end. Remaining work is aborted through its signal, and recorded
   * as interrupted or released to be resumed. It is never recorded as cancelled unless its cancellation was requested.
   */
  async close(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#consumer.stop();
    const left = Promise.allSettled([...this.#runs].map((run) => run.left));
    if (graceMs > 0) await atMost(graceMs, left, this.#options.clock);
    await Promise.all([...this.#runs].map((run) => run.interrupt()));
  }

  async #startRun(record: OperationRecord): Promise<WorkOutcome> {
    const method = this.#options.methods.get(record.method);
    // The store may have assigned it before it was told to stop.
    if (!method || this.#stopped) return 'released';
    const logger = loggerWith(this.#options.logger, workFacts(record));
    const options = { ...this.#options, logger };
    const run = new Run(options, method, new Recorder(options), record);
    this.#runs.add(run);
    try {
      return await run.left;
    } finally {
      this.#runs.delete(run);
    }
  }
}

/** Log fields that identify the work. */
function workFacts({ name, method, attempt, trace }: OperationRecord): Readonly<Record<string, unknown>> {
  const traceId = traceIdOf(trace);
  return { operation: name, method, attempt: attempt + 1, ...(traceId !== undefined && { traceId }) };
}
