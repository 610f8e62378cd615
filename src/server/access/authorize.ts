import type { CallFacts } from './call-facts.js';
import type { Caller } from './caller.js';

/** A call that asks to be let in, and who makes it as far as the steps before have found out. */
export interface AccessRequest extends CallFacts {
  readonly caller: Caller;
}

/** How a call is let in. */
export interface Access {
  /** Who makes it. @defaultValue as the steps before had it */
  readonly caller?: Caller | undefined;
  /** Whether a list shows the caller an operation, by its name. @defaultValue each one */
  readonly shows?: ((operation: string) => boolean) | undefined;
}

/**
 * A step of authorization: lets a call in, or throws to refuse it, `StatusError` UNAUTHENTICATED or PERMISSION_DENIED as a
 * rule. It is asked before anything is read, so whatever it throws tells nothing of what exists. Anything but a
 * `StatusError` refuses the call too, as "internal error".
 */
export interface Authorize {
  (request: AccessRequest): Access | undefined | Promise<Access | undefined>;
  /** The permission that a call needs, such as `reports.operations.get`: told to whom it is refused. */
  readonly permissionFor?: ((call: Pick<CallFacts, 'method'>) => string) | undefined;
  /**
   * Refuses a call before its message is read. `decides`: the step looks at headers and peer alone, so it is asked then and
   * not again. A function is asked besides the step, with what the steps before found out of the caller; it throws to refuse.
   *
   * @defaultValue the step, and those after it, are asked once the message has been read
   */
  readonly beforeMessage?: 'decides' | ((request: Omit<AccessRequest, 'name'>) => void) | undefined;
}

/** One step, or several: each is asked, in this order, until one refuses. */
export type Authorization = Authorize | readonly Authorize[];
