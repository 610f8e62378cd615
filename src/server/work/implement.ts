import type { DeepPartial, OperationMethod } from '../../core/operation-method.js';
import type { Caller } from '../access/call-facts.js';

/** What `run` is given to work with. */
export interface RunContext<Metadata> {
  /** The name of the operation. */
  readonly name: string;
  /** How often work on the operation was begun, this time included: 1 unless it was interrupted. */
  readonly attempt: number;
  /** The metadata when this attempt began. */
  readonly metadata: Metadata;
  /**
   * Aborts when cancellation is requested. To cancel, throw `signal.reason` (or let what the signal was
   * handed to throw). To complete all the same, return a response.
   */
  readonly signal: AbortSignal;
  /**
   * Reports progress: sets the given fields of the metadata and leaves the others. Resolves when readers see
   * it. Updates keep their order, awaited or not; after the end they do nothing.
   *
   * @throws StatusError RESOURCE_EXHAUSTED if the metadata would be larger than `maxResultBytes`; what the codec throws for values that it
   * cannot encode.
   */
  update(metadata: DeepPartial<Metadata>): Promise<void>;
}

/** What the starting call said besides its request. */
export interface StartContext {
  readonly headers: Readonly<Record<string, string>>;
  /** Who made it, where `authorize` found out. Request ids of one principal have nothing to do with another's. */
  readonly caller: Caller;
}

/** How a method does its work. */
export interface Implementation<Request, Response, Metadata> {
  /**
   * The resource that operations are named under: `${parent}/operations/{id}`.
   *
   * @defaultValue none: plain `operations/{id}`
   */
  parent?(request: Request): string;
  /**
   * Checks a request before there is an operation: throw a `StatusError` and the starting call fails
   * with it (AIP-151). Return a response, and the operation is returned done.
   */
  accept?(
    request: Request,
    context: StartContext,
  ): undefined | DeepPartial<Response> | Promise<undefined | DeepPartial<Response>>;
  /** The metadata to begin with. `create_time` and its like are filled in; see {@link ownMetadataFields}. */
  metadata?(request: Request): DeepPartial<Metadata>;
  /**
   * Does the work. Returns the response; throws `signal.reason` to end as cancelled; throws a
   * `StatusError` to end with that error. Anything else that is thrown reads UNKNOWN "internal error". A response larger than
   * `maxResultBytes` ends with RESOURCE_EXHAUSTED.
   */
  run(
    request: Request,
    context: RunContext<Metadata>,
  ): DeepPartial<Response> | Promise<DeepPartial<Response>>;
  /**
   * Whether the method can be cancelled. If not, CancelOperation answers UNIMPLEMENTED and the work goes on.
   *
   * @defaultValue true
   */
  readonly cancellable?: boolean | undefined;
  /**
   * What becomes of work whose server died or stopped before it ended, in a store that outlives the server:
   * `'abort'` ends the operation with ABORTED; `'resume'` runs it again, `attempt` one higher and with the
   * metadata as it last was. If its cancellation was requested, `'abort'` ends it as cancelled and `'resume'`
   * runs it with a signal that has aborted already.
   *
   * @defaultValue 'abort'
   */
  readonly onInterrupted?: 'abort' | 'resume' | undefined;
  /**
   * How often work on one operation is begun at most, when it is resumed. Then it ends with ABORTED: work that
   * brings down its server must not bring down every server.
   *
   * @defaultValue 5
   */
  readonly maxAttempts?: number | undefined;
  /**
   * What the caller calls the request, so that the same request sent again gives the same operation (AIP-155).
   * Undefined or empty: nothing.
   *
   * @defaultValue the request's `requestId`, where its type has such a field
   */
  requestId?(request: Request): string | undefined;
  /**
   * Metadata fields that the server leaves to the implementation, of those that it fills in where the type
   * has them: `createTime`, `endTime`, `cancelRequested`, `requestedCancellation`.
   *
   * @defaultValue none
   */
  readonly ownMetadataFields?: readonly string[] | undefined;
}

/** A method with its implementation: what `createOperations` and `starter` take. Made by {@link implement}. */
export interface ImplementedMethod<Request = unknown, Response = unknown, Metadata = unknown> {
  readonly method: OperationMethod<Request, Response, Metadata>;
  readonly implementation: Implementation<Request, Response, Metadata>;
}

/**
 * Says how a long-running method does its work.
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
export function implement<Request, Response, Metadata>(
  method: OperationMethod<Request, Response, Metadata>,
  implementation: Implementation<Request, Response, Metadata>,
): ImplementedMethod<Request, Response, Metadata> {
  return { method, implementation };
}
