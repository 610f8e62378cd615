import type { Clock } from '../../core/clock.js';
import { contain } from '../../core/contain.js';
import type { Logger } from '../../core/logger.js';
import { sleep } from '../../core/signals.js';
import type { OperationStore } from '../../stores/contract/operation-store.js';

/** Health of a server of operations. */
export type ServingStatus = 'SERVING' | 'NOT_SERVING';

/** Listener to the health of a server. */
export interface HealthListener {
  /** Called when the condition or the set of services may have changed. */
  changed(condition: ServingStatus): void;
  /** Called once when the server has closed; no calls follow. */
  ended(): void;
}

/** Health of a server of operations, determined by its store and by its shutdown. */
export interface OperationsHealth {
  /** Full names of the services that share this health. Services may be added. */
  readonly services: ReadonlySet<string>;
  /**
   * Checks that the store accepts writes, unless it was checked within the last second. Resolves to NOT_SERVING if the check
   * fails or takes longer than two seconds, and once the server is closing.
   */
  check(): Promise<ServingStatus>;
  /** Reports the condition, now and every five seconds while it is checked, until the returned function is called. */
  watch(listener: HealthListener): () => void;
}

/** Dependencies of {@link StoreHealth}. */
export interface StoreHealthParts {
  readonly store: Pick<OperationStore, 'checkWritable' | 'get'>;
  readonly clock: Clock;
  /** Returns the full names of the served services. */
  readonly services: () => Iterable<string>;
  readonly logger: Logger;
}

/** Name of a record that never exists: reading it exercises connection, statement and index. */
const PROBED_NAME = 'operations/-';
const PROBE_TIMEOUT_MS = 2000;
const FRESH_MS = 1000;
const WATCH_INTERVAL_MS = 5000;

/** Determines health by probing a store, on demand and periodically while there are listeners. */
export class StoreHealth implements OperationsHealth {
  readonly #parts: StoreHealthParts;
  readonly #listeners = new Set<HealthListener>();
  #last: { readonly condition: ServingStatus; readonly at: number } | undefined;
  #probe: Promise<ServingStatus> | undefined;
  /** Pending probe of the store, which outlives {@link PROBE_TIMEOUT_MS}; no other one starts until it settles. */
  #pending: Promise<ServingStatus> | undefined;
  #draining = false;
  #ended = false;
  #stopTimer: (() => void) | undefined;

  constructor(parts: StoreHealthParts) {
    this.#parts = parts;
  }

  get services(): ReadonlySet<string> {
    return new Set(['google.longrunning.Operations', ...this.#parts.services()]);
  }

  async check(): Promise<ServingStatus> {
    if (this.#draining) return 'NOT_SERVING';
    const { clock } = this.#parts;
    if (this.#last && clock.now() - this.#last.at < FRESH_MS) return this.#last.condition;
    this.#probe ??= this.#probeStore().finally(() => {
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
    if (!this.#stopTimer && !this.#draining) this.#schedule();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  /** Reports NOT_SERVING from now on, while the server still answers. */
  drain(): void {
    this.#draining = true;
    this.#stop();
    this.#notify('NOT_SERVING');
  }

  /** Notifies all listeners that the server has closed. */
  end(): void {
    this.drain();
    this.#ended = true;
    for (const listener of [...this.#listeners]) this.#contain(() => listener.ended());
    this.#listeners.clear();
  }

  #notify(condition: ServingStatus): void {
    for (const listener of [...this.#listeners]) this.#contain(() => listener.changed(condition));
  }

  #contain(notify: () => void): void {
    contain(notify, (error) => this.#parts.logger.error({ err: error }, 'listener to health failed'));
  }

  #schedule(): void {
    const check = async () => {
      const condition = await this.check();
      // The timer was stopped, or another one replaced it, during the check.
      if (this.#stopTimer !== stopTimer) return;
      this.#notify(condition);
      this.#schedule();
    };
    const stopTimer = this.#parts.clock.setTimer(check, WATCH_INTERVAL_MS, { background: true });
    this.#stopTimer = stopTimer;
  }

  #stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  async #probeStore(): Promise<ServingStatus> {
    const { store, clock } = this.#parts;
    const giveUp = new AbortController();
    const late = sleep(PROBE_TIMEOUT_MS, giveUp.signal, clock).then(() => 'NOT_SERVING' as const);
    // Rejects when the probe settles first.
    late.catch(() => {});
    this.#pending ??= probe(store)
      .then(
        () => 'SERVING' as const,
        () => 'NOT_SERVING' as const,
      )
      .finally(() => {
        this.#pending = undefined;
      });
    const condition = await Promise.race([this.#pending, late]);
    giveUp.abort();
    this.#last = { condition, at: clock.now() };
    return condition;
  }
}

/** Rejects if operations cannot be written; for stores without `checkWritable`, if they cannot be read. */
async function probe(store: StoreHealthParts['store']): Promise<void> {
  if (store.checkWritable) await store.checkWritable();
  else await store.get(PROBED_NAME);
}
