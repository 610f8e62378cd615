import type { JsonObject } from '@bufbuild/protobuf';
import type { Code, CodeName, StatusError } from '../../core/status.js';

/**
 * What can go wrong with a call besides an error.
 *
 * - `hang`: it is never answered; it ends when the caller gives up.
 * - `drop`: its connection breaks off, and all that is under way on it.
 * - `goAway`: it is answered, and its connection then closed: GOAWAY in HTTP/2, `Connection: close` in HTTP/1.1.
 * - `answerEarly`: WaitOperation answers at once, with the latest state.
 * - `duplicate`: the answer that was given last to the same question, once more.
 * - `stale`: the last answer to the same question that differs from what is so now, as a replica gives it.
 * - `unknownAny`: each Any in the operations of the answer is of a type that nobody knows.
 * - `brokenAny`: each keeps its type, with bytes that are no message.
 */
export type FaultEffect = (typeof FAULT_EFFECTS)[number];

export const FAULT_EFFECTS = [
  'hang',
  'drop',
  'goAway',
  'answerEarly',
  'duplicate',
  'stale',
  'unknownAny',
  'brokenAny',
] as const;

/** Faults that have a name: a method that always answers UNIMPLEMENTED. */
export type NamedFault = (typeof NAMED_FAULTS)[number];

export const NAMED_FAULTS = ['waitUnimplemented', 'cancelUnimplemented'] as const;

/** How a call fails, in the words of a script. */
export interface FailureSource {
  /** Of the error to answer; a name, or one of `Code`. */
  readonly code?: CodeName | Code;
  /** @defaultValue a text that tells who put the fault there */
  readonly message?: string;
  /** Details of the error: ProtoJSON with `@type`. @defaultValue none */
  readonly details?: readonly JsonObject[];
  /** The request is about that: its `name`, or its `parent`. @defaultValue any */
  readonly name?: string;
  /** How many calls it is for; `always`: all, until it is taken away. @defaultValue 1 */
  readonly times?: number | 'always';
  /** How long the call waits first. @defaultValue 0 */
  readonly delayMs?: number;
}

/** What goes wrong with calls, in the words of a script: an error, an effect, or only a delay. */
export interface FaultSource extends FailureSource {
  /** `google.longrunning.Operations.GetOperation`, or as much of its end as only one has. @defaultValue any */
  readonly method?: string;
  readonly effect?: FaultEffect;
}

/** What happens to a call that meets a fault, after the delay. */
export type Consequence =
  | { readonly type: 'error'; readonly error: StatusError }
  | { readonly type: 'effect'; readonly effect: FaultEffect }
  | { readonly type: 'none' };

/** What goes wrong with which calls. */
export interface Fault {
  /** By its full name; undefined: any. */
  readonly method: string | undefined;
  /** The `name` or `parent` of the request; undefined: any. */
  readonly name: string | undefined;
  readonly delayMs: number;
  /** For how many calls it is; Infinity: for all. */
  readonly times: number;
  readonly consequence: Consequence;
}
