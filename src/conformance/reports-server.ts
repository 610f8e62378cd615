import { credentials, Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js';
import {
  ExportReportRequest,
  type ExportReportResponse,
  PurgeReportsRequest,
  type ReportMetadata,
  ReportsClient,
  ReportsService,
} from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import type { Empty } from '../../generated/google/protobuf/empty.js';
import type { DeepPartial } from '../core/operation-method.js';
import type { CallOptions, OperationsApi } from '../core/operations-api.js';
import { onAbort } from '../core/signals.js';
import { Code } from '../core/status.js';
import {
  createOperations,
  type Implementation,
  implement,
  type Operations,
  type OperationsOptions,
  type RunContext,
  service,
} from '../server/index.js';
import { type ManualClock, manualClock } from '../testing/clock/manual-clock.js';
import { grpcOperations, unary } from './grpc-operations.js';

/** Default parent of operations. */
export const PARENT = 'projects/p/locations/l';

type Export = Implementation<ExportReportRequest, ExportReportResponse, ReportMetadata>;

/** Options of a {@link ReportsServer}. */
export interface ReportsServerOptions
  extends Omit<OperationsOptions, 'services' | 'methods' | 'clock' | 'logger'> {
  /** @defaultValue `manual` */
  readonly clock?: OperationsOptions['clock'];
  /**
   * Clock that the test advances.
   *
   * @defaultValue a new clock per server
   */
  readonly manual?: ManualClock;
  /**
   * Methods that the server implements.
   *
   * @defaultValue all
   */
  readonly serves?: readonly ('exportReport' | 'purgeReports')[];
  /**
   * Reaction of the work to a cancellation request.
   *
   * @defaultValue 'honor'
   */
  readonly onAbort?: AbortBehavior;
  /** Parts of ExportReport to replace. The test cannot end a replaced `run`. */
  readonly exportReport?: Partial<Export>;
}

/** Access to the server over one transport. */
export interface ReportsAccess {
  readonly operations: OperationsApi;
  exportReport(request?: Partial<ExportReportRequest>, options?: CallOptions): Promise<Operation>;
  purgeReports(request?: Partial<PurgeReportsRequest>, options?: CallOptions): Promise<Operation>;
}

/** Example service with the kit's operations, on a free port of 127.0.0.1. */
export interface ReportsServer extends AsyncDisposable {
  readonly kit: Operations;
  /** Server for a gateway in this process. */
  readonly server: Server;
  readonly address: string;
  readonly port: number;
  readonly manual: ManualClock;
  readonly inProcess: ReportsAccess;
  readonly overGrpc: ReportsAccess;
  /** Work on reports, which can be cancelled. */
  readonly exports: ControlledWork<ExportReportRequest, ExportReportResponse, ReportMetadata>;
  /** Work on purges, which cannot be cancelled. */
  readonly purges: ControlledWork<PurgeReportsRequest, Empty, ReportMetadata>;
  /** Logged entries. */
  readonly logged: { readonly facts: Readonly<Record<string, unknown>>; readonly message: string }[];
}

export async function startReportsServer(options: ReportsServerOptions = {}): Promise<ReportsServer> {
  const { onAbort, exportReport: overrides, manual = manualClock(), serves, ...kitOptions } = options;
  const exports: ReportsServer['exports'] = new ControlledWork(onAbort);
  const purges: ReportsServer['purges'] = new ControlledWork(onAbort);
  const logged: ReportsServer['logged'] = [];
  const parent = (request: { parent: string }) => request.parent;
  const exportReport = implement(ReportsOperations.exportReport, {
    parent,
    run: exports.run,
    onInterrupted: 'abort',
    ...overrides,
  });
  const purgeReports = implement(ReportsOperations.purgeReports, {
    parent,
    run: purges.run,
    onInterrupted: 'abort',
    cancellable: false,
  });
  const implemented = { exportReport, purgeReports };
  const served = new Set(serves ?? (['exportReport', 'purgeReports'] as const));
  const handlerOf = <Method extends keyof typeof implemented>(method: Method) =>
    served.has(method) ? implemented[method] : notServed;
  const kit = createOperations({
    clock: manual,
    ...kitOptions,
    services: [
      service(ReportsService, {
        exportReport: handlerOf('exportReport'),
        purgeReports: handlerOf('purgeReports'),
      }),
    ],
    logger: { error: (facts, message) => logged.push({ facts, message }) },
  });

  const server = new Server();
  kit.addTo(server);
  const port = await listen(server);
  const address = `127.0.0.1:${port}`;
  const stub = new ReportsClient(address, credentials.createInsecure());
  const operations = grpcOperations(address);

  return {
    kit,
    server,
    address,
    port,
    manual,
    exports,
    purges,
    logged,
    inProcess: {
      operations: kit.api,
      exportReport: (request, call) => kit.start(exportReport, exportRequest(request), call),
      purgeReports: (request, call) => kit.start(purgeReports, purgeRequest(request), call),
    },
    overGrpc: {
      operations,
      exportReport: (request, call) => unary(stub.exportReport.bind(stub), exportRequest(request), call),
      purgeReports: (request, call) => unary(stub.purgeReports.bind(stub), purgeRequest(request), call),
    },
    async [Symbol.asyncDispose]() {
      operations[Symbol.dispose]();
      stub.close();
      const closed = kit.close({ graceMs: 0 });
      await manual.advance(0);
      await closed;
      server.forceShutdown();
    },
  };
}

function notServed(_call: unknown, callback: sendUnaryData<Operation>): void {
  callback({ code: Code.UNIMPLEMENTED, details: 'method is not served' });
}

function exportRequest(request: Partial<ExportReportRequest> = {}): ExportReportRequest {
  return ExportReportRequest.fromPartial({ parent: PARENT, ...request });
}

function purgeRequest(request: Partial<PurgeReportsRequest> = {}): PurgeReportsRequest {
  return PurgeReportsRequest.fromPartial({ parent: PARENT, ...request });
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

/** Reaction of work to its aborted signal: it ends as cancelled, or continues until the test ends it. */
export type AbortBehavior = 'honor' | 'ignore';

/** Work on one operation, ended by the test. */
export interface Run<Request, Response, Metadata> {
  readonly request: Request;
  readonly context: RunContext<Metadata>;
  succeed(response?: DeepPartial<Response>): void;
  fail(error: unknown): void;
}

/** Work of one method. It runs until the test or, with `honor`, a cancellation ends it. */
export class ControlledWork<Request, Response, Metadata> {
  readonly #runs = new Map<string, PromiseWithResolvers<Run<Request, Response, Metadata>>>();
  readonly #onAbort: AbortBehavior;
  /** Names of the operations whose work has started, in that order. */
  readonly begun: string[] = [];

  constructor(onAbort: AbortBehavior = 'honor') {
    this.#onAbort = onAbort;
  }

  /** Resolves to the work on an operation once it has started. */
  on(name: string): Promise<Run<Request, Response, Metadata>> {
    return this.#run(name).promise;
  }

  /** `run` of `implement`. */
  readonly run: Implementation<Request, Response, Metadata>['run'] = async (request, context) => {
    const ending = Promise.withResolvers<DeepPartial<Response>>();
    const stopListening =
      this.#onAbort === 'honor' ? onAbort(context.signal, (reason) => ending.reject(reason)) : () => {};
    this.begun.push(context.name);
    this.#run(context.name).resolve({
      request,
      context,
      succeed: (response) => ending.resolve(response ?? ({} as DeepPartial<Response>)),
      fail: (error) => ending.reject(error),
    });
    try {
      return await ending.promise;
    } finally {
      stopListening();
    }
  };

  #run(name: string): PromiseWithResolvers<Run<Request, Response, Metadata>> {
    const run = this.#runs.get(name) ?? Promise.withResolvers();
    this.#runs.set(name, run);
    return run;
  }
}
