import { StatusError } from '../../status.js';
import type { CallerLimits } from '../limits/caller-limits.js';
import type { Soon } from '../soon.js';
import { isRefusal } from './access-error.js';
import type { CallFacts, GrpcCallFacts } from './call-facts.js';
import { callerKey } from './caller.js';
import { type Admission, EVERYBODY, type Gate } from './gate.js';

/** Who stands at the entry of calls. */
export interface Entry {
  /** Undefined: everybody may do everything. */
  readonly gate: Gate | undefined;
  /** Undefined: as often as they like. */
  readonly limits: CallerLimits | undefined;
}

/** A call that is in. */
export interface Entered {
  readonly admission: Admission;
  /** It has been answered, or given up: whichever comes first. */
  readonly leave: () => void;
}

const UNCOUNTED: Entered = { admission: EVERYBODY, leave() {} };

/**
 * Has a call be let in, and counted: who calls is known only once the gate has been passed.
 *
 * @throws AccessError when it is not let in; StatusError RESOURCE_EXHAUSTED when it is one too many.
 */
export async function enter({ gate, limits }: Entry, facts: CallFacts): Promise<Entered> {
  if (!limits) return gate ? { ...UNCOUNTED, admission: await gate.admit(facts) } : UNCOUNTED;
  const admission = gate ? await askOrCount(limits, facts, () => gate.admit(facts)) : EVERYBODY;
  return { admission, leave: await limits.call(callerKey(admission.caller, facts.peer)) };
}

/**
 * Has a call refused by its headers alone, if that can be.
 *
 * @throws AccessError when it is refused; StatusError RESOURCE_EXHAUSTED when its address has been refused too often.
 */
export async function authenticate({ gate, limits }: Entry, facts: GrpcCallFacts): Promise<void> {
  if (!gate) return;
  const ask = () => gate.authenticate(facts);
  await (limits ? askOrCount(limits, facts, ask) : ask());
}

/** Answers a call that was let in, and counts it until then. */
export async function inCall<Result>(
  entry: Entry,
  facts: CallFacts,
  answer: (admission: Admission) => Soon<Result>,
): Promise<Result> {
  const { admission, leave } = await enter(entry, facts);
  try {
    return await answer(admission);
  } finally {
    leave();
  }
}

/** Waits for something in one of the places that a caller has. */
export async function inWait<Result>(
  limits: CallerLimits,
  { caller }: Admission,
  peer: string,
  wait: () => Soon<Result>,
): Promise<Result> {
  const leave = limits.wait(callerKey(caller, peer));
  try {
    return await wait();
  } finally {
    leave();
  }
}

/** Who is refused is nobody yet, so that is counted by the address. */
async function askOrCount<Result>(
  limits: CallerLimits,
  facts: CallFacts,
  ask: () => Promise<Result>,
): Promise<Result> {
  const address = callerKey({}, facts.peer);
  await limits.assertWelcome(address);
  try {
    return await ask();
  } catch (thrown) {
    if (thrown instanceof StatusError && isRefusal(thrown)) await limits.refused(address);
    throw thrown;
  }
}
