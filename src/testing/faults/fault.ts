import type { JsonObject } from '@bufbuild/protobuf';
import type { Code, CodeName, StatusError } from '../../core/status.js';

/** Effects on a call other than an error. */
export type FaultEffect = NonNullable<Fault['effect']>;

export const FAULT_EFFECTS = [
  'hang',
  'drop',
  'goAway',
  'answerEarly',
  'duplicate',
  'stale',
  'unknownAny',
  'brokenAny',
] as const satisfies readonly FaultEffect[];

/** Named faults: a method that always answers UNIMPLEMENTED. */
export type NamedFault = (typeof NAMED_FAULTS)[number];

export const NAMED_FAULTS = ['waitUnimplemented', 'cancelUnimplemented'] as const;

/** Fault as scripts write it: an error, an effect, or only a delay. */
export interface Fault {
  /** Code of the error: a name, or a value of `Code`. */
  readonly code?: CodeName | Code | undefined;
  /** Message of the error. @defaultValue a text that names the origin of the fault */
  readonly message?: string | undefined;
  /** Details of the error in ProtoJSON with `@type`. @defaultValue none */
  readonly details?: readonly JsonObject[] | undefined;
  /** Resource that the request must refer to in `name` or `parent`. @defaultValue any */
  readonly name?: string | undefined;
  /** Number of calls to affect, or `always` for all calls until the fault is removed. @defaultValue 1 */
  readonly times?: number | 'always' | undefined;
  /** Delay of the call in milliseconds. @defaultValue 0 */
  readonly delayMs?: number | undefined;
  /** Full name such as `google.longrunning.Operations.GetOperation`, or any unique suffix. @defaultValue any */
  readonly method?: string | undefined;
  /**
   * Effect other than an error.
   *
   * - `hang`: the call is never answered; it ends when the caller gives up.
   * - `drop`: its connection breaks, with all other calls on it.
   * - `goAway`: the call is answered and its connection then closed: GOAWAY in HTTP/2, `Connection: close` in
   * HTTP/1.1.
   * - `answerEarly`: WaitOperation answers at once with the latest state.
   * - `duplicate`: repeats the last answer to the same request.
   * - `stale`: the last answer to the same request that differs from the current one, as from a lagging replica.
   * - `unknownAny`: each Any in the operations of the answer has an unknown type.
   * - `brokenAny`: each Any keeps its type but contains bytes that cannot be decoded.
   *
   * @defaultValue none
   */
  readonly effect?:
    | 'hang'
    | 'drop'
    | 'goAway'
    | 'answerEarly'
    | 'duplicate'
    | 'stale'
    | 'unknownAny'
    | 'brokenAny'
    | undefined;
}

/** Consequence for a call that meets a fault, after the delay. */
export type Consequence =
  | { readonly type: 'error'; readonly error: StatusError }
  | { readonly type: 'effect'; readonly effect: FaultEffect }
  | { readonly type: 'none' };

/** ParsedFault, and the calls that it applies to. */
export interface ParsedFault {
  /** Full name of the method. Undefined for any method. */
  readonly method: string | undefined;
  /** `name` or `parent` of the request. Undefined for any. */
  readonly name: string | undefined;
  readonly delayMs: number;
  /** Number of calls to affect. Infinity for all. */
  readonly times: number;
  readonly consequence: Consequence;
}

/** Failure of a call as scripts write it: a fault without method and effect. */
export type Failure = Omit<Fault, 'method' | 'effect'>;
