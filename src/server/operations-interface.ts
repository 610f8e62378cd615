import type { handleUnaryCall, Server } from '@grpc/grpc-js';
import type { Operation, OperationsServer } from '../../generated/google/longrunning/operations.js';
import type { ListRequest, OperationListing } from '../client/operations/list.js';
import type { OpenOperation } from '../client/operations/operation-handles.js';
import type { Authenticate } from '../core/authenticate.js';
import type { DeepPartial } from '../core/operation-method.js';
import type { CallOptions, OperationsApi } from '../core/operations-api.js';
import type { MountedService, Service, ServiceHost } from '../core/service.js';
import type { AuthorizeRequest } from './access/call-facts.js';
import type { CallerOperations } from './access/on-behalf.js';
import type { ImplementedMethod, StartContext } from './work/implement.js';

/** Server of long-running operations, to embed in a grpc-js server. */
export interface Operations extends ServiceHost, AsyncDisposable {
  /** In-process `google.longrunning.Operations` for the program itself, without authorization. */
  readonly api: OperationsApi;
  /**
   * Opens an operation in process, as a client does: `wait`, `cancel`, `updates` and more, without authorization.
   *
   * @example
   * ```ts
   * const outcome = await operations.operation(name, ReportsOperations.exportReport).wait();
   * ```
   */
  readonly operation: OpenOperation;
  /** Lists the operations under a parent in process, newest first, without authorization. */
  list(request: ListRequest, options?: CallOptions): OperationListing;
  /** gRPC handlers of `google.longrunning.Operations`: `server.addService(OperationsService, operations.handlers)`. */
  readonly handlers: OperationsServer;
  /** Health of the server, for `addHealth`. */
  readonly health: {
    /** Full names of the services that share this health. Services may be added. */
    readonly services: ReadonlySet<string>;
    /**
     * Checks that the store accepts writes, unless it was checked within the last second. Resolves to NOT_SERVING if the check
     * fails or takes longer than two seconds, and once the server is closing.
     */
    check(): Promise<'SERVING' | 'NOT_SERVING'>;
    /**
     * Reports the condition, now and every five seconds while it is checked, until the returned function is called. `ended` is
     * called once when the server has closed.
     */
    watch(listener: { changed(condition: 'SERVING' | 'NOT_SERVING'): void; ended(): void }): () => void;
  };
  /**
   * Starts an operation. It continues independently of the caller. A request with a request id that was used before returns the
   * operation that it started then (AIP-155).
   *
   * @throws errors of `onStart`, `parent` and `metadata` of the implementation; StatusError INVALID_ARGUMENT if `parent` is not a
   * resource name; UNAVAILABLE if the server is stopping.
   */
  start<Request, Response, Metadata>(
    implemented: ImplementedMethod<Request, Response, Metadata>,
    request: DeepPartial<Request>,
    context?: Partial<StartContext>,
  ): Promise<Operation>;
  /**
   * Adds `google.longrunning.Operations`, the services of the options and the given ones to a gRPC server, with strict decoding,
   * authorization, limits of callers and telemetry. Services that were added to this server before are skipped.
   *
   * @throws TypeError if two services have the same name.
   *
   * @example
   * ```ts
   * const operations = createOperations({ store });
   * const server = new Server(grpcLimits());
   * operations.addTo(server, service(ReportsService, { exportReport, purgeReports }));
   * ```
   */
  addTo(server: Server, ...services: readonly Service[]): void;
  /** Services as other transports call them, for hosts such as `createGateway`. */
  mount(services?: readonly Service[]): readonly MountedService[];
  /**
   * Adds a method, or replaces its implementation; running operations are unaffected. Operations of a method that was not added
   * are left to other servers.
   *
   * @throws TypeError if the implementation is invalid.
   */
  add<Request, Response, Metadata>(implemented: ImplementedMethod<Request, Response, Metadata>): void;
  /** Creates the gRPC handler of a long-running method, which starts an operation and returns it. */
  starter<Request, Response, Metadata>(
    implemented: ImplementedMethod<Request, Response, Metadata>,
  ): handleUnaryCall<Request, Operation>;
  /**
   * Wraps the gRPC handler of another unary method with `authorize`, the limits of callers and telemetry.
   *
   * @param path - path of the method: `/acme.v1.Jobs/GetJob`.
   * @param nameOf - returns the resource that a request refers to; by default its `name`, or else its `parent`.
   */
  guarded<Request, Response>(
    path: string,
    handler: handleUnaryCall<Request, Response>,
    nameOf?: (request: Request) => string,
  ): handleUnaryCall<Request, Response>;
  /**
   * Returns starts and the five methods for a caller of any transport, with `authorize`, the limits of callers and telemetry.
   * Unexpected errors are logged and hidden. Unlike it, {@link api} and {@link start} are for the program itself.
   *
   * @example
   * ```ts
   * const caller = operations.for({ headers: { authorization }, peer: '192.0.2.7:50312' });
   * const { name } = await caller.start(exportReport, { parent, title: 'July' });
   * await caller.cancelOperation({ name });
   * ```
   */
  for(origin: Pick<AuthorizeRequest, 'headers' | 'peer'>): CallerOperations;
  /**
   * Refuses calls by their headers, before their message or body is read. It runs the steps of `authorize` that need no message,
   * for methods of `handlers`, `starter` and `guarded`. Pass it to `grpcLimits` and `createGateway`; it needs no `this`.
   */
  readonly authenticate: Authenticate;
  /**
   * Resolves when the store, the steps of `authorize` and the telemetry are ready; rejects with their first error, such as
   * a package that is not installed. Awaiting it is optional, because earlier calls wait for the store.
   */
  ready(): Promise<void>;
  /**
   * Closes the server. Health reports NOT_SERVING. After `drainDelayMs`, waits are answered with the latest state, and starts fail with
   * UNAVAILABLE. Running work has `graceMs` to end. Then its signal aborts, and it ends with ABORTED, or is released to another
   * server if its method resumes. Queued work stays queued. Close the gRPC server afterwards.
   */
  close(options?: {
    /** Time for running work to end, in milliseconds. @defaultValue 3000 */
    readonly graceMs?: number | undefined;
    /**
     * Time during which the server still serves while health already reports NOT_SERVING, in milliseconds. It lets load balancers
     * notice, and precedes the grace period. @defaultValue 0
     */
    readonly drainDelayMs?: number | undefined;
    /**
     * Stops the servers in front of the operations. It is called once work has ended and before the store is closed, so that the
     * last calls can be answered. @defaultValue nothing
     */
    readonly stopServing?: (() => Promise<void>) | undefined;
  }): Promise<void>;
}
