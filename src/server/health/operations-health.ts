import type { Clock } from '../../core/clock.js';
import { contain } from '../../core/contain.js';
import type { Logger } from '../../core/logger.js';
import { sleep } from '../../core/signals.js';
import type { OperationStore } from '../../stores/contract/operation-store.js';

/** How a server of operations is: whether it should be asked. */
export type Condition = 'SERVING' | 'NOT_SERVING';

/** Is told of the condition of a server. */
export interface HealthListener {
  /** The condition may be another one, or there may be more services. */
  changed(condition: Condition): void;
  /** The server has ended. Nothing is told any more. */
  ended(): void;
}

/** The health of a server of operations, as its store is and as it goes to its end. */
export interface OperationsHealth {
  /** Full names of the services that it is the health of. More may come. */
  readonly services: ReadonlySet<string>;
  /**
   * Asks the store whether it can be written to, unless it answered within the last second. NOT_SERVING if it cannot, if it
   * takes longer than two seconds, and once the server is told to close.
   */
  check(): Promise<Condition>;
  /** Tells of the condition now and then at every change, looking every five seconds, until the function returned is called. */
  watch(listener: HealthListener): () => void;
}

/** What health is told from. */
export interface StoreHealthParts {
  readonly store: Pick<OperationStore, 'checkWritable' | 'get'>;
  readonly clock: Clock;
  /** Paths of the methods that are served; there may come to be more. */
  readonly methods: { keys(): Iterable<string> };
  readonly logger: Logger;
}

/** Name of no record: reading it takes a connection, a statement and an index. */
const PROBED_NAME = 'operations/-';
const PROBE_TIMEOUT_MS = 2000;
const FRESH_MS = 1000;
const WATCH_INTERVAL_MS = 5000;

/** Tells health by asking a store for something: when somebody asks, or as long as somebody watches. */
export class StoreHealth implements OperationsHealth {
  readonly #parts: StoreHealthParts;
  readonly #listeners = new Set<HealthListener>();
  #last: { readonly condition: Condition; readonly at: number } | undefined;
  #probe: Promise<Condition> | undefined;
  /** What the store was asked and has not answered yet: it is not asked again meanwhile. */
  #asked: Promise<Condition> | undefined;
  #draining = false;
  #ended = false;
  #stopTimer: (() => void) | undefined;

  constructor(parts: StoreHealthParts) {
    this.#parts = parts;
  }

  get services(): ReadonlySet<string> {
    const started = Array.from(this.#parts.methods.keys(), (path) => path.split('/')[1] ?? '');
    return new Set(['google.longrunning.Operations', ...started]);
  }

  async check(): Promise<Condition> {
    if (this.#draining) return 'NOT_SERVING';
    const { clock } = this.#parts;
    if (this.#last && clock.now() - this.#last.at < FRESH_MS) return this.#last.condition;
    this.#probe ??= this.#ask().finally(() => {
      this.#probe = undefined;
    });
    const condition = await this.#probe;
    return this.#draining ? 'NOT_SERVING' : condition;
  }

  watch(listener: HealthListener): () => void {
    if (this.#ended) {
      this.#contain(() => listener.ended());
      return () => {};
    }
    this.#listeners.add(listener);
    this.check().then((condition) => {
      if (this.#listeners.has(listener)) this.#contain(() => listener.changed(condition));
    });
    if (!this.#stopTimer && !this.#draining) this.#lookAgain();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  /** From now on the server is not to be asked, though it still answers. */
  drain(): void {
    this.#draining = true;
    this.#stop();
    this.#tell('NOT_SERVING');
  }

  /** Tells everybody who watches that this was all. */
  end(): void {
    this.drain();
    this.#ended = true;
    for (const listener of [...this.#listeners]) this.#contain(() => listener.ended());
    this.#listeners.clear();
  }

  #tell(condition: Condition): void {
    for (const listener of [...this.#listeners]) this.#contain(() => listener.changed(condition));
  }

  #contain(notify: () => void): void {
    contain(notify, (error) => this.#parts.logger.error({ err: error }, 'listener to health failed'));
  }

  #lookAgain(): void {
    const look = async () => {
      const condition = await this.check();
      // Nobody watches any more, or others do by a timer of their own.
      if (this.#stopTimer !== stopTimer) return;
      this.#tell(condition);
      this.#lookAgain();
    };
    const stopTimer = this.#parts.clock.setTimer(look, WATCH_INTERVAL_MS, { background: true });
    this.#stopTimer = stopTimer;
  }

  #stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  async #ask(): Promise<Condition> {
    const { store, clock } = this.#parts;
    const giveUp = new AbortController();
    const late = sleep(PROBE_TIMEOUT_MS, giveUp.signal, clock).then(() => 'NOT_SERVING' as const);
    // Ends with the probe.
    late.catch(() => {});
    this.#asked ??= probe(store)
      .then(
        () => 'SERVING' as const,
        () => 'NOT_SERVING' as const,
      )
      .finally(() => {
        this.#asked = undefined;
      });
    const condition = await Promise.race([this.#asked, late]);
    giveUp.abort();
    this.#last = { condition, at: clock.now() };
    return condition;
  }
}

/** Rejects if operations cannot be written, or for a store that cannot tell, if they cannot be read. */
async function probe(store: StoreHealthParts['store']): Promise<void> {
  if (store.checkWritable) await store.checkWritable();
  else await store.get(PROBED_NAME);
}
