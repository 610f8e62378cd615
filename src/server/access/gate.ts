import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { pack } from '../../core/any.js';
import { callerIdentified } from '../../core/authenticate.js';
import { notPromised } from '../../core/contain.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import {
  Code,
  codeName,
  ERROR_DOMAIN,
  isStatusError,
  readableDetail,
  StatusError,
} from '../../core/status.js';
import { clipText, utf8Bytes } from '../../core/text.js';
import type { CallerLimits } from '../limits/caller-limits.js';
import { AccessError, bearerChallenge, isRefusal } from './access-error.js';
import {
  type Access,
  type Authorization,
  type Authorize,
  type Caller,
  type CallFacts,
  callerKey,
  GrpcCallFacts,
} from './call-facts.js';
import { DEFAULT_SERVICE, permissionOf } from './policy.js';

/** A call that was let in. */
export interface Admission {
  readonly caller: Caller;
  /** Whether a list shows the caller an operation; undefined: each one. */
  readonly shows?: ((operation: string) => boolean) | undefined;
}

/** Where nobody asks who calls. */
export const EVERYBODY: Admission = { caller: {} };

/** Outcome of the steps that were asked before the message of a call was read. */
interface EarlyAdmission {
  readonly admission: Admission;
  readonly steps: number;
}

const NOTHING_EARLY: EarlyAdmission = { admission: EVERYBODY, steps: 0 };

/** Lets calls in, or not: asks every step of authorization. */
export class Gate {
  /** By the metadata of the call. */
  readonly #early = new WeakMap<object, EarlyAdmission>();
  readonly #steps: readonly Authorize[];
  readonly #permissionFor: NonNullable<Authorize['permissionFor']>;

  constructor(authorization: Authorization) {
    this.#steps = typeof authorization === 'function' ? [authorization] : authorization;
    const [permissionFor] = this.#steps.flatMap((step) => step.permissionFor ?? []);
    this.#permissionFor = permissionFor ?? (({ method }) => permissionOf(method, DEFAULT_SERVICE));
  }

  /**
   * Asks for a call to be let in.
   *
   * @throws AccessError when it is not; whatever else a step threw.
   */
  async admit(facts: CallFacts): Promise<Admission> {
    const early = facts instanceof GrpcCallFacts ? this.#early.get(facts.metadata) : undefined;
    let { admission, steps } = early ?? NOTHING_EARLY;
    try {
      for (const step of this.#steps.slice(steps)) {
        admission = joined(admission, checkedAccess(await step(new Asking(facts, admission.caller))));
      }
      notify(facts, admission);
      return admission;
    } catch (thrown) {
      throw this.#refusal(thrown, facts, { resource: clipped(facts.name) });
    }
  }

  /**
   * Asks the first steps, as far as they need no message. {@link admit} goes on after them.
   *
   * @throws AccessError when one of them refuses the call; whatever else it threw.
   */
  async authenticate(facts: GrpcCallFacts): Promise<void> {
    let admission = EVERYBODY;
    let decided = 0;
    try {
      for (const step of this.#steps) {
        const asking = new Asking(facts, admission.caller);
        if (step.beforeMessage !== 'decides') {
          step.beforeMessage?.(asking);
          break;
        }
        admission = joined(admission, checkedAccess(await step(asking)));
        decided++;
      }
    } catch (thrown) {
      throw this.#refusal(thrown, facts, {});
    }
    if (decided === 0) return;
    this.#early.set(facts.metadata, { admission, steps: decided });
    notify(facts, admission);
  }

  #refusal(thrown: unknown, facts: CallFacts, metadata: Readonly<Record<string, string>>): unknown {
    if (!isStatusError(thrown)) return thrown;
    const error = StatusError.from(thrown);
    if (!isRefusal(error)) return error;
    return told(error, { permission: this.#permissionFor(facts), ...metadata });
  }
}

/** Tells the connection of a call that its caller is known. */
function notify(facts: CallFacts, { caller }: Admission): void {
  if (caller.principal !== undefined && facts instanceof GrpcCallFacts) callerIdentified(facts.metadata);
}

/** The facts are looked up when they are asked for, and so they are here. */
class Asking implements CallFacts {
  readonly caller: Caller;
  readonly #facts: CallFacts;

  constructor(facts: CallFacts, caller: Caller) {
    this.#facts = facts;
    this.caller = caller;
  }

  get method(): string {
    return this.#facts.method;
  }

  get name(): string {
    return this.#facts.name;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#facts.headers;
  }

  get peer(): string {
    return this.#facts.peer;
  }
}

/**
 * What a step of authorization returned, if it can be used. A step written in JavaScript may return `false` to refuse a call: anything
 * but an `Access` refuses it.
 *
 * @throws TypeError when it is something else.
 */
function checkedAccess(returned: unknown): Access | undefined {
  if (returned === undefined) return undefined;
  if (typeof returned !== 'object' || returned === null) {
    const shown = returned === null ? 'null' : `a value of type ${typeof returned}`;
    throw new TypeError(
      `authorize returned ${shown}: return an object or undefined, and throw to refuse a call`,
    );
  }
  const { caller, shows }: { readonly caller?: unknown; readonly shows?: unknown } = returned;
  if (caller !== undefined && !isCaller(caller)) {
    throw new TypeError(
      'authorize returned a malformed caller: principal must be a string, members and scopes arrays of strings',
    );
  }
  if (shows === undefined) return caller ? { caller } : {};
  if (typeof shows !== 'function') {
    throw new TypeError(`authorize returned shows of type ${typeof shows}: it must be a function`);
  }
  // A promise would be true whatever it resolves to.
  return { caller, shows: (name) => notPromised(shows(name), 'the result of shows') === true };
}

function isCaller(caller: unknown): caller is Caller {
  if (typeof caller !== 'object' || caller === null) return false;
  const { principal, members, scopes } = caller as Readonly<Record<keyof Caller, unknown>>;
  const areStrings = (list: unknown) =>
    list === undefined || (Array.isArray(list) && list.every((each) => typeof each === 'string'));
  return (
    (principal === undefined || typeof principal === 'string') && areStrings(members) && areStrings(scopes)
  );
}

/** An operation is shown when every step shows it. */
function joined(before: Admission, { caller, shows }: Access = {}): Admission {
  const earlier = before.shows;
  if (caller) checkPrincipal(caller);
  return {
    caller: caller ?? before.caller,
    shows: earlier && shows ? (name) => earlier(name) && shows(name) : (shows ?? earlier),
  };
}

/**
 * Principals are hashed and compared: two that are not well-formed could be taken for one.
 *
 * @throws TypeError if it is no text.
 */
function checkPrincipal({ principal }: Caller): void {
  if (principal === undefined || (typeof principal === 'string' && principal.isWellFormed())) return;
  throw new TypeError(
    'authorize returned a principal that is no well-formed string: return a string or undefined',
  );
}

/** A refusal with one ErrorInfo that says of what, first of the details (contract 32). */
function told(refusal: StatusError, metadata: Readonly<Record<string, string>>): AccessError {
  const given = readableDetail(refusal, ErrorInfo) ?? {
    metadata: {},
    reason: codeName(refusal.code),
    domain: ERROR_DOMAIN,
  };
  const info = ErrorInfo.fromPartial({ ...given, metadata: { ...metadata, ...given.metadata } });
  const others = refusal.details.filter(({ typeUrl }) => !typeUrl.endsWith(`/${ErrorInfo.$type}`));
  const details = [pack(ErrorInfo, info), ...others];
  const own = refusal instanceof AccessError ? refusal.challenge : undefined;
  const challenge = own ?? (refusal.code === Code.UNAUTHENTICATED ? bearerChallenge() : undefined);
  return new AccessError({ code: refusal.code, message: refusal.message, details }, challenge);
}

/** No well-formed name is longer, and details of errors must not be too long. */
const MAX_RESOURCE_BYTES = 1024;
const CLIPPED_BYTES = 200;

function clipped(name: string): string {
  return utf8Bytes(name) <= MAX_RESOURCE_BYTES
    ? name.toWellFormed()
    : clipText(name, CLIPPED_BYTES, utf8Bytes);
}

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
  answer: (admission: Admission) => MaybePromise<Result>,
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
  wait: () => MaybePromise<Result>,
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
