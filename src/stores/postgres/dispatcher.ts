import type {
  ConsumeOptions,
  OperationRecord,
  WorkConsumer,
  WorkHandler,
} from '../contract/operation-store.js';
import type { Claim, Jobs } from './jobs.js';
import type { Leases } from './leases.js';

const CLAIMED_AT_ONCE = 100;

/** Dependencies of a dispatcher. */
export interface DispatcherOptions extends ConsumeOptions {
  readonly handler: WorkHandler;
  readonly jobs: Pick<Jobs, 'prepare' | 'claim' | 'complete'>;
  readonly leases: Pick<Leases, 'take' | 'drop'>;
  readonly read: (names: readonly string[]) => Promise<ReadonlyMap<string, OperationRecord>>;
  /** Releases work and notifies every server. */
  readonly release: (method: string, claims: readonly Claim[]) => Promise<void>;
}

/** Hands the work of its methods to one handler, within `maxRunning`. */
export class Dispatcher implements WorkConsumer {
  readonly #options: DispatcherOptions;
  /** Methods that may have work, longest waiting first. */
  readonly #wanted = new Set<string>();
  readonly #running = new Map<Promise<void>, OperationRecord>();
  #isDue = false;
  readonly #done = new Map<string, Claim[]>();
  #isClaiming = false;
  #claiming = Promise.resolve();
  #isCompleting = false;
  #completing = Promise.resolve();
  #stopped = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.wake();
  }

  /** Checks for work of one method, or of all methods. */
  wake(method?: string): void {
    const { methods } = this.#options;
    if (method === undefined) for (const each of methods) this.#wanted.add(each);
    else if (methods.has(method)) this.#wanted.add(method);
    this.#claim();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves once all work that was handed out has settled and its jobs are updated. */
  async close(): Promise<void> {
    this.stop();
    await this.#claiming;
    await Promise.all(this.#running.keys());
    await this.#completing;
  }

  #claim(): void {
    this.#isDue = true;
    if (!this.#isClaiming) this.#claiming = this.#claimAll();
  }

  async #claimAll(): Promise<void> {
    this.#isClaiming = true;
    // Work that ends meanwhile makes room for methods that had none.
    while (this.#isDue) {
      this.#isDue = false;
      await this.#claimWanted();
    }
    this.#isClaiming = false;
  }

  async #claimWanted(): Promise<void> {
    // Iteration includes methods that are added meanwhile.
    for (const method of this.#wanted) {
      const limit = Math.min(this.#roomFor(method), CLAIMED_AT_ONCE);
      if (this.#stopped) return;
      if (limit <= 0) continue;
      this.#wanted.delete(method);
      try {
        // A full batch means that there may be more.
        if ((await this.#claimSome(method, limit)) === limit) this.#wanted.add(method);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }

  /** Returns how many operations of a method may be handed out now. */
  #roomFor(method: string): number {
    const { maxRunning, maxRunningOf } = this.#options;
    const room = maxRunning - this.#running.size;
    const limit = maxRunningOf?.(method) ?? Number.POSITIVE_INFINITY;
    if (limit >= maxRunning) return room;
    const running = [...this.#running.values()].filter((record) => record.method === method);
    return Math.min(room, limit - running.length);
  }

  async #claimSome(method: string, limit: number): Promise<number> {
    const { jobs, read, release } = this.#options;
    await jobs.prepare(method);
    const claims = await jobs.claim(method, limit);
    if (claims.length === 0) return 0;
    const records = await read(claims.map(({ operation }) => operation));
    // After `stop`, no work is handed out: the caller of `stop` knows all of it.
    if (this.#stopped) {
      await release(method, claims);
      return 0;
    }
    for (const claim of claims) {
      const record = records.get(claim.operation);
      if (record && !record.result) this.#handOut(record, claim);
      else this.#complete(method, claim);
    }
    return claims.length;
  }

  #handOut(record: OperationRecord, claim: Claim): void {
    if (!this.#options.leases.take(record.method, claim, record.attempt)) return;
    const running = this.#work(record).catch(this.#options.onError);
    this.#running.set(running, record);
    running.finally(() => {
      this.#running.delete(running);
      this.#claim();
    });
  }

  async #work(record: OperationRecord): Promise<void> {
    const { handler, leases, release } = this.#options;
    const { name, method, attempt } = record;
    try {
      const outcome = await handler(record);
      const claim = leases.drop(name, attempt);
      if (!claim) return;
      switch (outcome) {
        case 'ended':
          this.#complete(method, claim);
          break;
        case 'released':
          await release(method, [claim]);
          break;
        case 'superseded':
          // The job belongs to another server, or will once this claim lapses.
          break;
      }
    } finally {
      // If the outcome is unknown, the job stays until the claim lapses.
      leases.drop(name, attempt);
    }
  }

  /** Completes a job, batched with others that end meanwhile. */
  #complete(method: string, claim: Claim): void {
    const claims = this.#done.get(method);
    if (claims) claims.push(claim);
    else this.#done.set(method, [claim]);
    if (!this.#isCompleting) this.#completing = this.#completeAll();
  }

  async #completeAll(): Promise<void> {
    const { jobs, onError } = this.#options;
    this.#isCompleting = true;
    for (const [method, claims] of this.#done) {
      this.#done.delete(method);
      // If this fails, the claims lapse, and the next server finds that the operations have ended.
      await jobs.complete(method, claims).catch(onError);
    }
    this.#isCompleting = false;
  }
}
