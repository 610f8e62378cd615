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
  type AuthorizeResult,
  type AuthorizeStep,
  type Caller,
  type CallFacts,
  callerKey,
  GrpcCallFacts,
} from './call-facts.js';
import { DEFAULT_SERVICE, permissionOf } from './policy.js';

/** Result of authorization for an allowed call. */
export interface Admission {
  readonly caller: Caller;
  /** Returns true for operations that lists show to the caller; undefined if they show all. */
  readonly shows?: ((operation: string) => boolean) | undefined;
}

/** Admission of every call if there is no authorization. */
export const EVERYBODY: Admission = { caller: {} };

/** Result of the steps that ran before the message of a call was read. */
interface EarlyAdmission {
  readonly admission: Admission;
  readonly steps: number;
}

const NOTHING_EARLY: EarlyAdmission = { admission: EVERYBODY, steps: 0 };

/** Runs the steps of authorization. */
export class Gate {
  /** Results of the early steps, by the metadata of the call. */
  readonly #early = new WeakMap<object, EarlyAdmission>();
  readonly #steps: readonly AuthorizeStep[];
  readonly #permissionFor: NonNullable<AuthorizeStep['permissionFor']>;

  constructor(authorization: AuthorizeStep | readonly AuthorizeStep[]) {
    this.#steps = typeof authorization === 'function' ? [authorization] : authorization;
    const [permissionFor] = this.#steps.flatMap((step) => step.permissionFor ?? []);
    this.#permissionFor = permissionFor ?? (({ method }) => permissionOf(method, DEFAULT_SERVICE));
  }

  /** Resolves when every step has loaded what it needs. */
  async ready(): Promise<void> {
    await Promise.all(this.#steps.map((step) => step.ready?.()));
  }

  /**
   * Authorizes a call.
   *
   * @throws AccessError if a step refuses the call; any other error of a step unchanged.
   */
  async admit(facts: CallFacts): Promise<Admission> {
    const early = facts instanceof GrpcCallFacts ? this.#early.get(facts.metadata) : undefined;
    let { admission, steps } = early ?? NOTHING_EARLY;
    try {
      for (const step of this.#steps.slice(steps)) {
        admission = joined(admission, checkedAccess(await step(new StepRequest(facts, admission.caller))));
      }
      notify(facts, admission);
      return admission;
    } catch (thrown) {
      throw this.#refusal(thrown, facts, { resource: clipped(facts.name) });
    }
  }

  /**
   * Runs the first steps, as far as they need no message. {@link admit} continues after them.
   *
   * @throws AccessError if a step refuses the call; any other error of a step unchanged.
   */
  async authenticate(facts: GrpcCallFacts): Promise<void> {
    let admission = EVERYBODY;
    let decided = 0;
    try {
      for (const step of this.#steps) {
        const asking = new StepRequest(facts, admission.caller);
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
    return accessError(error, { permission: this.#permissionFor(facts), ...metadata });
  }
}

/** Notifies the connection of a call that its caller is identified. */
function notify(facts: CallFacts, { caller }: Admission): void {
  if (caller.principal !== undefined && facts instanceof GrpcCallFacts) callerIdentified(facts.metadata);
}

/** Facts of a call with its caller; evaluated lazily, as the facts themselves are. */
class StepRequest implements CallFacts {
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
 * Checks the result of a step. A step written in JavaScript may return `false` to refuse a call, so anything but an
 * `AuthorizeResult` refuses it.
 *
 * @throws TypeError if the result is anything else.
 */
function checkedAccess(returned: unknown): AuthorizeResult | undefined {
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
  // A promise is truthy whatever it resolves to.
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

/** Combines the results of two steps: lists show an operation only if both steps do. */
function joined(before: Admission, { caller, shows }: AuthorizeResult = {}): Admission {
  const earlier = before.shows;
  if (caller) checkPrincipal(caller);
  return {
    caller: caller ?? before.caller,
    shows: earlier && shows ? (name) => earlier(name) && shows(name) : (shows ?? earlier),
  };
}

/**
 * Checks the principal. Principals are hashed and compared, and two that are not well-formed could become equal.
 *
 * @throws TypeError if the principal is not a well-formed string.
 */
function checkPrincipal({ principal }: Caller): void {
  if (principal === undefined || (typeof principal === 'string' && principal.isWellFormed())) return;
  throw new TypeError(
    'authorize returned a principal that is not a well-formed string: return a string or undefined',
  );
}

/** Adds permission and resource to the ErrorInfo of a refusal, and puts it first (contract 32). */
function accessError(refusal: StatusError, metadata: Readonly<Record<string, string>>): AccessError {
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

/** Maximum size of a well-formed name; longer ones are clipped to bound the details of errors. */
const MAX_RESOURCE_BYTES = 1024;
const CLIPPED_BYTES = 200;

function clipped(name: string): string {
  return utf8Bytes(name) <= MAX_RESOURCE_BYTES
    ? name.toWellFormed()
    : clipText(name, CLIPPED_BYTES, utf8Bytes);
}

/** Authorization and caller limits of a server. */
export interface AccessControl {
  /** Undefined if every call is allowed. */
  readonly gate: Gate | undefined;
  /** Undefined if callers have no limits. */
  readonly limits: CallerLimits | undefined;
}

/** An admitted call. */
export interface AdmittedCall {
  readonly admission: Admission;
  /** Call it once the call is answered or cancelled, whichever comes first. */
  readonly leave: () => void;
}

const UNCOUNTED: AdmittedCall = { admission: EVERYBODY, leave() {} };

/**
 * Authorizes a call, and then counts it for its caller, who is only known after authorization.
 *
 * @throws AccessError if the call is refused; StatusError RESOURCE_EXHAUSTED if it exceeds a limit.
 */
export async function admitCall({ gate, limits }: AccessControl, facts: CallFacts): Promise<AdmittedCall> {
  if (!limits) return gate ? { ...UNCOUNTED, admission: await gate.admit(facts) } : UNCOUNTED;
  const admission = gate ? await countingRefusals(limits, facts, () => gate.admit(facts)) : EVERYBODY;
  return { admission, leave: await limits.call(callerKey(admission.caller, facts.peer)) };
}

/**
 * Runs the steps of authorization that need only headers.
 *
 * @throws AccessError if the call is refused; StatusError RESOURCE_EXHAUSTED if its address has been refused too often.
 */
export async function authenticate({ gate, limits }: AccessControl, facts: GrpcCallFacts): Promise<void> {
  if (!gate) return;
  const ask = () => gate.authenticate(facts);
  await (limits ? countingRefusals(limits, facts, ask) : ask());
}

/** Admits a call, answers it, and counts it until then. */
export async function inCall<Result>(
  access: AccessControl,
  facts: CallFacts,
  answer: (admission: Admission) => MaybePromise<Result>,
): Promise<Result> {
  const { admission, leave } = await admitCall(access, facts);
  try {
    return await answer(admission);
  } finally {
    leave();
  }
}

/** Waits for an operation, counted for its caller until the wait ends. */
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

/** Counts refusals by address, because a refused caller has not been identified. */
async function countingRefusals<Result>(
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
