import type { Fault } from './fault.js';

/** A fault that is in place. */
export interface PlannedFault extends Fault {
  /** How many calls have met it. */
  readonly met: number;
  /** How many more will; Infinity: all. */
  readonly left: number;
}

/** A call, as far as faults can tell. */
export interface FaultedCall {
  readonly method: string;
  /** What the request is about: its `name` and its `parent`, where it has them. */
  readonly names: readonly string[];
}

interface Entry {
  readonly fault: Fault;
  met: number;
}

/**
 * The faults that are still to come. Each call meets one at most: the first that fits, in the order in which they
 * were put there; but those that last for so many calls come before those that stay.
 */
export class FaultPlan {
  #entries: readonly Entry[] = [];

  add(...faults: readonly Fault[]): void {
    const entries = [...this.#entries, ...faults.map((fault) => ({ fault, met: 0 }))];
    const lasts = ({ fault }: Entry) => fault.times === Number.POSITIVE_INFINITY;
    this.#entries = [...entries.filter((entry) => !lasts(entry)), ...entries.filter(lasts)];
  }

  /** The fault that a call meets, which is then met once more. */
  take(call: FaultedCall): Fault | undefined {
    const entry = this.#entries.find(({ fault, met }) => met < fault.times && fits(fault, call));
    if (!entry) return undefined;
    entry.met++;
    return entry.fault;
  }

  /** Those that calls may still meet, in order. */
  list(): readonly PlannedFault[] {
    const left = this.#entries.filter(({ fault, met }) => met < fault.times);
    return left.map(({ fault, met }) => ({ ...fault, met, left: fault.times - met }));
  }

  /** Whether no call meets any. */
  get isSpent(): boolean {
    return this.#entries.every(({ fault, met }) => met >= fault.times);
  }

  /** Whether some call will get an answer that was given before. */
  get repeatsAnswers(): boolean {
    return this.#entries.some(({ fault, met }) => met < fault.times && repeatsAnswers(fault));
  }

  clear(): void {
    this.#entries = [];
  }
}

function fits({ method, name }: Fault, call: FaultedCall): boolean {
  return (
    (method === undefined || method === call.method) && (name === undefined || call.names.includes(name))
  );
}

function repeatsAnswers({ consequence }: Fault): boolean {
  return (
    consequence.type === 'effect' && (consequence.effect === 'stale' || consequence.effect === 'duplicate')
  );
}
