import type { CallerLimits } from '../limits/caller-limits.js';
import type { CallFacts } from './call-facts.js';
import { callerKey } from './caller.js';
import { type Admission, EVERYBODY, type Gate } from './gate.js';

/** Who stands at the entry of calls. */
export interface Entry {
  /** Undefined: everybody may do everything. */
  readonly gate: Gate | undefined;
  /** Undefined: as often as they like. */
  readonly limits: CallerLimits | undefined;
}

/**
 * Has a call be let in, and counted: who calls is known only once the gate has been passed.
 *
 * @throws AccessError when it is not let in; StatusError RESOURCE_EXHAUSTED when it is one too many.
 */
export async function enter({ gate, limits }: Entry, facts: CallFacts): Promise<Admission> {
  const admission = gate ? await gate.admit(facts) : EVERYBODY;
  await limits?.admit(callerKey(admission.caller, facts.peer));
  return admission;
}

/** Waits for something in one of the places that a caller has. */
export async function inWait<Result>(
  { limits }: Pick<Entry, 'limits'>,
  { caller }: Admission,
  peer: string,
  wait: () => Promise<Result>,
): Promise<Result> {
  if (!limits) return await wait();
  const leave = limits.wait(callerKey(caller, peer));
  try {
    return await wait();
  } finally {
    leave();
  }
}
