import type {
  ConsumeOptions,
  OperationRecord,
  WorkConsumer,
  WorkHandler,
} from '../contract/operation-store.js';
import type { Claim, Jobs } from './jobs.js';
import type { Leases } from './leases.js';

const CLAIMED_AT_ONCE = 100;

/** What a dispatcher works with. */
export interface DispatcherOptions extends ConsumeOptions {
  readonly handler: WorkHandler;
  readonly jobs: Pick<Jobs, 'prepare' | 'claim' | 'complete'>;
  readonly leases: Pick<Leases, 'take' | 'drop'>;
  readonly read: (names: readonly string[]) => Promise<ReadonlyMap<string, OperationRecord>>;
  /** Gives work back and tells every server. */
  readonly release: (method: string, claims: readonly Claim[]) => Promise<void>;
}

/** Hands the work of its methods to one handler, as long as there is some and the handler has a hand free. */
export class Dispatcher implements WorkConsumer {
  readonly #options: DispatcherOptions;
  /** Methods that may have work, the one that waits longest first. */
  readonly #wanted = new Set<string>();
  readonly #left = new Set<Promise<void>>();
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

  /** There may be work of a method, or of any. */
  wake(method?: string): void {
    const { methods } = this.#options;
    if (method === undefined) for (const each of methods) this.#wanted.add(each);
    else if (methods.has(method)) this.#wanted.add(method);
    this.#claim();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when everything that was handed out has been left, and the jobs say so. */
  async close(): Promise<void> {
    this.stop();
    await this.#claiming;
    await Promise.all(this.#left);
    await this.#completing;
  }

  #claim(): void {
    if (!this.#isClaiming) this.#claiming = this.#claimAll();
  }

  async #claimAll(): Promise<void> {
    const { concurrency, onError } = this.#options;
    this.#isClaiming = true;
    // Methods that are added meanwhile have their turn too.
    for (const method of this.#wanted) {
      const limit = Math.min(concurrency - this.#left.size, CLAIMED_AT_ONCE);
      if (this.#stopped || limit <= 0) break;
      this.#wanted.delete(method);
      try {
        // As much as was asked for means that there may be more.
        if ((await this.#claimSome(method, limit)) === limit) this.#wanted.add(method);
      } catch (error) {
        onError(error);
      }
    }
    this.#isClaiming = false;
  }

  async #claimSome(method: string, limit: number): Promise<number> {
    const { jobs, read, release } = this.#options;
    await jobs.prepare(method);
    const claims = await jobs.claim(method, limit);
    if (claims.length === 0) return 0;
    const records = await read(claims.map(({ operation }) => operation));
    // Nothing is handed out any more: whoever stopped this knows of all that was.
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
    const left = this.#work(record).catch(this.#options.onError);
    this.#left.add(left);
    left.finally(() => {
      this.#left.delete(left);
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
          // The job is another server's, or will be when this claim has lapsed.
          break;
      }
    } finally {
      // When it is not known how it went, the job is left until the claim has lapsed.
      leases.drop(name, attempt);
    }
  }

  /** Ends a job, together with all that end meanwhile. */
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
      // Should it fail, the claims lapse, and whoever gets the jobs sees that the operations have ended.
      await jobs.complete(method, claims).catch(onError);
    }
    this.#isCompleting = false;
  }
}
