import type { ConsumeOptions, WorkConsumer, WorkOutcome } from './operation-store.js';

type QueueOptions = Pick<ConsumeOptions, 'methods' | 'maxRunning' | 'maxRunningOf' | 'onError'>;

interface Consumer extends QueueOptions {
  readonly handler: (name: string) => WorkOutcome | Promise<WorkOutcome>;
}

/**
 * Unfinished operations of a store that lives in one process. Hands them to one consumer, oldest first, within its limits. An
 * operation whose method is at its limit does not delay those of other methods.
 */
export class WorkQueue {
  readonly #lanes = new Map<string, Lane>();
  #consumer: Consumer | undefined;
  #sequence = 0;
  #free = 0;
  #isDue = false;

  /** Adds an operation, unless it is waiting or handed out. */
  push(name: string, method: string): void {
    const lane = this.#lanes.get(method) ?? new Lane(method);
    this.#lanes.set(method, lane);
    lane.push(name, ++this.#sequence);
    this.#handOutSoon();
  }

  consume(handler: Consumer['handler'], options: QueueOptions): WorkConsumer {
    this.#consumer = { ...options, handler };
    this.#free = options.maxRunning;
    this.#handOut();
    return {
      added: () => this.#handOutSoon(),
      stop: () => {
        this.#consumer = undefined;
      },
    };
  }

  clear(): void {
    this.#lanes.clear();
  }

  /**
   * Hands out operations after the current synchronous work, so that a starting call returns the operation's name before
   * the work begins.
   */
  #handOutSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    process.nextTick(() => {
      this.#isDue = false;
      this.#handOut();
    });
  }

  #handOut(): void {
    while (this.#consumer && this.#free > 0) {
      const lane = this.#oldest(this.#consumer);
      if (!lane) return;
      this.#free--;
      this.#work(lane, lane.take(), this.#consumer);
    }
  }

  /** Returns the lane with the oldest operation that may be handed out. */
  #oldest({ methods, maxRunningOf }: Consumer): Lane | undefined {
    let oldest: Lane | undefined;
    for (const lane of this.#lanes.values()) {
      if (lane.first >= (oldest?.first ?? Number.POSITIVE_INFINITY) || !methods.has(lane.method)) continue;
      if (lane.running < (maxRunningOf?.(lane.method) ?? Number.POSITIVE_INFINITY)) oldest = lane;
    }
    return oldest;
  }

  async #work(lane: Lane, name: string, { handler, onError }: Consumer): Promise<void> {
    let outcome: WorkOutcome | undefined;
    try {
      outcome = await handler(name);
    } catch (error) {
      onError(error);
    }
    lane.settle(name);
    if (outcome === 'released') lane.push(name, ++this.#sequence);
    this.#free++;
    this.#handOutSoon();
  }
}

/** Operations of one method, waiting or handed out. */
class Lane {
  readonly method: string;
  /** Waiting operations with their sequence numbers, oldest first. */
  readonly #waiting = new Map<string, number>();
  readonly #handedOut = new Set<string>();
  /** Kept between operations: a new iterator would skip all removed entries, 10 microseconds each time with 100,000 waiting. */
  #entries = this.#waiting.entries();
  #first: readonly [name: string, sequence: number] | undefined;

  constructor(method: string) {
    this.method = method;
  }

  get running(): number {
    return this.#handedOut.size;
  }

  /** Sequence number of the oldest waiting operation; Infinity if there is none. */
  get first(): number {
    if (!this.#first && this.#waiting.size > 0) this.#first = this.#next();
    return this.#first?.[1] ?? Number.POSITIVE_INFINITY;
  }

  push(name: string, sequence: number): void {
    if (!this.#waiting.has(name) && !this.#handedOut.has(name)) this.#waiting.set(name, sequence);
  }

  /** Hands out the oldest waiting operation, which exists. */
  take(): string {
    const [name = ''] = this.#first ?? [];
    this.#first = undefined;
    this.#waiting.delete(name);
    this.#handedOut.add(name);
    return name;
  }

  settle(name: string): void {
    this.#handedOut.delete(name);
  }

  #next(): readonly [name: string, sequence: number] | undefined {
    const { done, value } = this.#entries.next();
    if (!done) return value;
    // An iterator that has ended does not continue with later entries.
    this.#entries = this.#waiting.entries();
    return this.#entries.next().value;
  }
}
