import { loggerWith, warn } from '../../core/logger.js';
import { atMost } from '../../core/signals.js';
import { traceIdOf } from '../../core/trace-context.js';
import type { OperationRecord, WorkConsumer, WorkOutcome } from '../../stores/contract/operation-store.js';
import { Recorder } from './recorder.js';
import { Run, type RunOptions } from './run.js';
import type { ServedMethod } from './served-method.js';
import type { Transitions } from './transitions.js';

/** What a runner works with. */
export interface RunnerOptions extends RunOptions {
  readonly methods: ReadonlyMap<string, ServedMethod>;
  readonly transitions: Transitions;
  readonly concurrency: number;
}

/** Does the work that the store hands out, and tells the store how it went. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #runs = new Set<Run>();
  readonly #consumer: WorkConsumer;
  /** Paths of the methods to be handed work of; stores look into it each time. */
  readonly #taken: Set<string>;
  #stopped = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#taken = new Set(options.methods.keys());
    this.#consumer = options.store.consume((record) => this.#take(record), {
      methods: this.#taken,
      concurrency: options.concurrency,
      onError: (error) => options.logger.error({ err: error }, 'work could not be done or recorded'),
      onWarning: (message) => warn(options.logger, message),
    });
  }

  /** Takes on work of one more method. */
  take(path: string): void {
    if (this.#taken.has(path)) return;
    this.#taken.add(path);
    this.#consumer.added?.(path);
  }

  /**
   * Takes on no more work and gives what runs `graceMs` to end. What has not is told so by its signal, and is
   * recorded as interrupted or released to be resumed; nothing is recorded as cancelled that nobody cancelled.
   */
  async close(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#consumer.stop();
    const left = Promise.allSettled([...this.#runs].map((run) => run.left));
    if (graceMs > 0) await atMost(graceMs, left, this.#options.clock);
    await Promise.all([...this.#runs].map((run) => run.interrupt()));
  }

  async #take(record: OperationRecord): Promise<WorkOutcome> {
    const method = this.#options.methods.get(record.method);
    // It may have been on its way here when the store was told to hand out no more.
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

/** What the log is told of work besides what happens to it. */
function workFacts({ name, method, attempt, trace }: OperationRecord): Readonly<Record<string, unknown>> {
  const traceId = traceIdOf(trace);
  return { operation: name, method, attempt: attempt + 1, ...(traceId !== undefined && { traceId }) };
}
