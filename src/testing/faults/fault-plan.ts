import type { TestServer } from '../server/test-server-api.js';
import type { ParsedFault } from './fault.js';

/** Fault that is in place. */
export type PendingFault = TestServer['faults'][number];

/** Properties of a call that faults select by. */
export interface FaultedCall {
  readonly method: string;
  /** Resources that the request refers to: its `name` and its `parent`, if it has them. */
  readonly names: readonly string[];
}

interface Entry {
  readonly fault: ParsedFault;
  met: number;
}

/**
 * Remaining faults. Each call meets at most one: the first that matches, in order of insertion. Faults for a
 * limited number of calls precede permanent ones.
 */
export class FaultPlan {
  #entries: readonly Entry[] = [];

  add(...faults: readonly ParsedFault[]): void {
    const entries = [...this.#entries, ...faults.map((fault) => ({ fault, met: 0 }))];
    const lasts = ({ fault }: Entry) => fault.times === Number.POSITIVE_INFINITY;
    this.#entries = [...entries.filter((entry) => !lasts(entry)), ...entries.filter(lasts)];
  }

  /** Takes the fault that a call meets, and counts it. */
  take(call: FaultedCall): ParsedFault | undefined {
    const entry = this.#entries.find(({ fault, met }) => met < fault.times && fits(fault, call));
    if (!entry) return undefined;
    entry.met++;
    return entry.fault;
  }

  /** Lists the faults that calls may still meet, in order. */
  list(): readonly PendingFault[] {
    const left = this.#entries.filter(({ fault, met }) => met < fault.times);
    return left.map(({ fault, met }) => ({ ...fault, met, left: fault.times - met }));
  }

  /** True if no fault remains. */
  get isSpent(): boolean {
    return this.#entries.every(({ fault, met }) => met >= fault.times);
  }

  /** True if a remaining fault repeats an earlier answer. */
  get repeatsAnswers(): boolean {
    return this.#entries.some(({ fault, met }) => met < fault.times && repeatsAnswers(fault));
  }

  clear(): void {
    this.#entries = [];
  }
}

function fits({ method, name }: ParsedFault, call: FaultedCall): boolean {
  return (
    (method === undefined || method === call.method) && (name === undefined || call.names.includes(name))
  );
}

function repeatsAnswers({ consequence }: ParsedFault): boolean {
  return (
    consequence.type === 'effect' && (consequence.effect === 'stale' || consequence.effect === 'duplicate')
  );
}
