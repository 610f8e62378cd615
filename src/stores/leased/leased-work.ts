import type { Clock } from '../../core/clock.js';
import type {
  ConsumeOptions,
  OperationRecord,
  WorkConsumer,
  WorkHandler,
} from '../contract/operation-store.js';
import type { RecordStore } from './record-store.js';
import { Repeat } from './repeat.js';

/** Renewals of a lease before it ends. */
const RENEWALS = 3;

/** Dependencies of {@link LeasedWork}. */
export interface LeasedWorkOptions extends ConsumeOptions {
  readonly handler: WorkHandler;
  readonly records: Pick<RecordStore, 'claimable' | 'get' | 'lease'>;
  /** Identifies this server among those that share the records. */
  readonly holder: string;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly clock: Clock;
}

/** Claims the work of one server by leases, renews them, and takes over work whose lease has ended. */
export class LeasedWork implements WorkConsumer {
  readonly #options: LeasedWorkOptions;
  /** Methods of the operations that this server works on, by name. */
  readonly #held = new Map<string, string>();
  readonly #polling: Repeat;
  readonly #renewing: Repeat;
  #isDue = false;
  #claiming: Promise<void> | undefined;
  readonly #working = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: LeasedWorkOptions) {
    const { clock, pollMs, leaseMs } = options;
    this.#options = options;
    this.#polling = new Repeat(clock, pollMs, async () => this.wake());
    this.#renewing = new Repeat(clock, leaseMs / RENEWALS, () => this.#renew());
    this.wake();
  }

  /** Looks for work now. */
  wake(): void {
    if (this.#stopped) return;
    this.#isDue = true;
    this.#claiming ??= this.#claimAll();
  }

  added(): void {
    this.wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#polling.stop();
  }

  /** Resolves once all work that was handed out has settled. */
  async close(): Promise<void> {
    this.stop();
    await this.#claiming;
    await Promise.all(this.#working);
    this.#renewing.stop();
    await this.#renewing.ended();
  }

  async #claimAll(): Promise<void> {
    // The caller goes on first: a starting call returns the operation's name before its work begins.
    await Promise.resolve();
    while (this.#isDue && !this.#stopped) {
      this.#isDue = false;
      try {
        while (!this.#stopped && (await this.#claimSome()));
      } catch (error) {
        this.#options.onError(error);
      }
    }
    this.#claiming = undefined;
  }

  /** Claims work for the room there is. Resolves to true if there may be more of both. */
  async #claimSome(): Promise<boolean> {
    const { records, clock, maxRunning } = this.#options;
    const methods = [...this.#options.methods].filter((method) => this.#hasRoom(method));
    const limit = Math.min(maxRunning - this.#held.size, 100);
    if (limit <= 0 || methods.length === 0) return false;
    const found = await records.claimable({ methods, now: clock.now(), limit });
    let claimed = 0;
    for (const record of found) {
      if (this.#held.size >= maxRunning || !this.#hasRoom(record.method)) continue;
      if (!this.#held.has(record.name) && (await this.#claim(record))) claimed++;
    }
    return claimed > 0;
  }

  #hasRoom(method: string): boolean {
    const limit = this.#options.maxRunningOf?.(method) ?? Number.POSITIVE_INFINITY;
    return (
      limit === Number.POSITIVE_INFINITY ||
      [...this.#held.values()].filter((each) => each === method).length < limit
    );
  }

  async #claim({ name }: OperationRecord): Promise<boolean> {
    const { records } = this.#options;
    if (!(await this.#lease(name))) return false;
    const record = await records.get(name);
    if (!record || record.result) return false;
    // After `stop` no work is handed out: the caller of `stop` knows all of it.
    if (this.#stopped) {
      await this.#release(name);
      return false;
    }
    this.#held.set(name, record.method);
    const working = this.#work(record);
    this.#working.add(working);
    working.finally(() => this.#working.delete(working));
    return true;
  }

  async #work(record: OperationRecord): Promise<void> {
    const { handler, onError } = this.#options;
    const { name } = record;
    try {
      const outcome = await handler(record);
      this.#held.delete(name);
      // Without a release, the lease of superseded work ends by itself.
      if (outcome === 'released') await this.#release(name);
    } catch (error) {
      onError(error);
    } finally {
      this.#held.delete(name);
      this.wake();
    }
  }

  async #renew(): Promise<void> {
    for (const name of [...this.#held.keys()]) {
      try {
        // If it fails, another server has the work: this one learns that from the record.
        await this.#lease(name);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }

  #lease(name: string): Promise<boolean> {
    const { records, holder, leaseMs, clock } = this.#options;
    const now = clock.now();
    return records.lease(name, { holder, until: now + leaseMs }, now);
  }

  #release(name: string): Promise<boolean> {
    const { records, holder, clock } = this.#options;
    return records.lease(name, { holder, until: 0 }, clock.now());
  }
}
