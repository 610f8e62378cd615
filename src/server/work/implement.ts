import type { DeepPartial, OperationMethod } from '../../core/operation-method.js';
import type { Caller } from '../access/call-facts.js';

/** Context of a run. */
export interface RunContext<Metadata> {
  /** Name of the operation. */
  readonly name: string;
  /** Number of this attempt: 1 unless earlier attempts were interrupted. */
  readonly attempt: number;
  /** Metadata at the start of this attempt. */
  readonly metadata: Metadata;
  /**
   * Aborts when cancellation is requested, and for the other reasons of {@link stopReason}. To end as cancelled, throw
   * `signal.reason`, or let the functions throw that received the signal. To complete anyway, return a response.
   */
  readonly signal: AbortSignal;
  /**
   * Reason for which `signal` has aborted; undefined while it has not. Read it from the context when you need it: a copy does not
   * change.
   *
   * - `cancelled`: cancellation was requested.
   * - `stopping`: the server stops. If the method resumes, the work continues on another server, or at the next start: do not
   *   undo it.
   * - `superseded`: another server has taken over the work, or the operation has ended. Results are ignored: undo nothing.
   * - `timedOut`: the work took longer than `maxRunMs`. The operation has ended.
   */
  readonly stopReason: 'cancelled' | 'stopping' | 'superseded' | 'timedOut' | undefined;
  /**
   * Reports progress: merges the given fields into the metadata. Nested messages are merged field by field and maps entry by
   * entry, at any depth; lists and all other values are replaced. To reset a field to its default, or to remove an entry of a
   * map, give undefined.
   *
   * Resolves once readers see the update. Updates keep their order, awaited or not. After the end of the operation they have no
   * effect.
   *
   * @throws StatusError RESOURCE_EXHAUSTED if the metadata would be larger than `maxResultBytes`; errors of the codec for
   * values that it cannot encode.
   */
  update(metadata: DeepPartial<Metadata>): Promise<void>;
}

/** Context of the call that starts an operation. */
export interface StartContext {
  readonly headers: Readonly<Record<string, string>>;
  /** Caller as identified by `authorize`. Each principal has its own request ids. */
  readonly caller: Caller;
}

/** Implementation of a long-running method. */
export interface Implementation<Request, Response, Metadata> {
  /**
   * Parent resource of the operations, which are named `${parent}/operations/{id}`.
   *
   * @defaultValue none: plain `operations/{id}`
   */
  parent?(request: Request): string;
  /**
   * Checks a request before an operation is created. If it throws a `StatusError`, the starting call fails with it
   * (AIP-151). If it returns a response, the operation is created as done.
   */
  onStart?(
    request: Request,
    context: StartContext,
  ): undefined | DeepPartial<Response> | Promise<undefined | DeepPartial<Response>>;
  /** Initial metadata. Well-known fields such as `create_time` are filled in; see {@link ownMetadataFields}. */
  metadata?(request: Request): DeepPartial<Metadata>;
  /**
   * Does the work. Returns the response, throws `signal.reason` to end as cancelled, or throws a `StatusError` to end with
   * that error. Any other error ends the operation with UNKNOWN "internal error". A response larger than `maxResultBytes`
   * ends it with RESOURCE_EXHAUSTED.
   */
  run(
    request: Request,
    context: RunContext<Metadata>,
  ): DeepPartial<Response> | Promise<DeepPartial<Response>>;
  /**
   * Enables cancellation. If false, CancelOperation answers UNIMPLEMENTED and the work continues.
   *
   * @defaultValue true
   */
  readonly cancellable?: boolean | undefined;
  /**
   * Handling of work whose server crashed or stopped before it ended, in a store that outlives the server. `'abort'` ends the
   * operation with ABORTED. `'resume'` runs it again with its latest metadata and `attempt` increased by one. If its
   * cancellation was requested, `'abort'` ends it as cancelled, and `'resume'` runs it with an aborted signal.
   *
   * @defaultValue 'abort'
   */
  readonly onInterrupted?: 'abort' | 'resume' | undefined;
  /**
   * Upper bound on the times that an operation is resumed, so on its attempts after the first. If the last one is interrupted
   * too, the operation ends as with `'abort'`: work that crashes its server cannot crash every server in turn.
   *
   * @defaultValue 4: five attempts
   */
  readonly maxResumes?: number | undefined;
  /**
   * Maximum number of this method's operations that run concurrently on a server; further ones are queued and do not delay those
   * of other methods. Give slow methods a limit, so that quick work does not queue behind slow work.
   *
   * @defaultValue no limit besides `maxRunning` of the server
   */
  readonly maxRunning?: number | undefined;
  /**
   * Time limit of one attempt, in milliseconds. Then its signal aborts, the operation ends with DEADLINE_EXCEEDED, and results
   * of the work are ignored. If cancellation was requested before, the operation ends as cancelled. Each resumed attempt has the
   * whole time again.
   *
   * @defaultValue no limit
   */
  readonly maxRunMs?: number | undefined;
  /**
   * Selects the idempotency key that the caller chose: the same request sent again returns the same operation (AIP-155).
   * Undefined or empty means none. `false` disables it for every request.
   *
   * @defaultValue the field `requestId` of the request, if its type has one
   */
  readonly requestId?: false | RequestIdSelector<Request> | undefined;
  /**
   * Well-known metadata fields that the implementation sets itself. By default the server fills in `createTime`, `endTime`,
   * `cancelRequested` and `requestedCancellation` if the type has them.
   *
   * @defaultValue none
   */
  readonly ownMetadataFields?: readonly string[] | undefined;
}

/** Function with a method's parameter variance, so that methods of all request types fit one list. */
type RequestIdSelector<Request> = { select(request: Request): string | undefined }['select'];

/** A method with its implementation, for `service` and `createOperations`. Created by {@link implement}. */
export interface ImplementedMethod<
  Request = unknown,
  Response = unknown,
  Metadata = unknown,
  Path extends string = string,
> {
  readonly method: OperationMethod<Request, Response, Metadata>;
  readonly implementation: Implementation<Request, Response, Metadata>;
  /** Never set. It lets the compiler tell methods with the same messages apart. */
  hasPath?(path: Path): void;
}

/** Values that the compiler does not look into for fields. */
type Leaf = Date | Uint8Array | string | number | bigint | boolean | symbol | undefined | null;

/** Keys of all members of a union. */
type AllKeys<Union> = Union extends unknown ? keyof Union : never;

/** Type of a property in those members of a union that have it. */
type At<Union, Key> = Union extends unknown ? (Key extends keyof Union ? Union[Key] : never) : never;

/**
 * Fields of `Given` that the message does not have, at any depth. Without this check the compiler ignores them in returned
 * objects, because it looks for unknown fields only in literals that are passed directly.
 */
type UnknownFields<Message, Given> = 0 extends 1 & Given
  ? never
  : [Message] extends [Given]
    ? never
    : Given extends Leaf
      ? never
      : Given extends readonly (infer Item)[]
        ? UnknownFields<Message extends readonly (infer Element)[] ? Element : never, Item>
        : {
            [Key in keyof Given]-?: Key extends AllKeys<Message> | `$${string}`
              ? UnknownFields<At<Message, Key>, Given[Key]>
              : Key;
          }[keyof Given];

/** Requires nothing if there are no unknown fields, and the impossible otherwise. */
type Reject<Member extends string, Fields> = [Fields] extends [never]
  ? unknown
  : { readonly [Key in Member]: { readonly unknownFields: Fields } };

/**
 * Combines a long-running method with its implementation. All types come from the method. Fields that its messages do not have
 * are rejected: by the compiler, and at run time with an internal error.
 *
 * @example
 * ```ts
 * const exportReport = implement(ReportsOperations.exportReport, {
 *   parent: (request) => request.parent,
 *   async run(request, { signal, update }) {
 *     const rows = await collect(request, { signal });
 *     await update({ progressPercent: 50 });
 *     return { uri: await write(rows, { signal }) };
 *   },
 * });
 * ```
 */
export function implement<
  Request,
  Response,
  Metadata,
  Path extends string,
  const Ran,
  const Started,
  const Initial,
>(
  method: OperationMethod<Request, Response, Metadata, Path>,
  implementation: Omit<
    Implementation<NoInfer<Request>, NoInfer<Response>, NoInfer<Metadata>>,
    'run' | 'onStart' | 'metadata'
  > & {
    run(
      request: NoInfer<Request>,
      context: RunContext<NoInfer<Metadata>>,
    ): Ran & ReturnType<Implementation<NoInfer<Request>, NoInfer<Response>, NoInfer<Metadata>>['run']>;
    onStart?(
      request: NoInfer<Request>,
      context: StartContext,
    ): Started &
      (undefined | DeepPartial<NoInfer<Response>> | Promise<undefined | DeepPartial<NoInfer<Response>>>);
    metadata?(request: NoInfer<Request>): Initial & DeepPartial<NoInfer<Metadata>>;
  } & Reject<'run', UnknownFields<Response, Awaited<Ran>>> &
    Reject<'onStart', UnknownFields<Response, Awaited<Started>>> &
    Reject<'metadata', UnknownFields<Metadata, Initial>>,
): ImplementedMethod<Request, Response, Metadata, Path> {
  return { method, implementation: implementation as Implementation<Request, Response, Metadata> };
}
