import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
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
import type { CallOptions, OperationsApi } from '../core/operations-api.js';
import {
  createOperations,
  type Implementation,
  type ImplementedMethod,
  implement,
  type Operations,
  type OperationsOptions,
  OperationsService,
  strictService,
} from '../server/index.js';
import { type ManualClock, manualClock } from '../testing/clock/manual-clock.js';
import { type AbortBehaviour, ControlledWork } from './controlled-work.js';
import { grpcOperations, unary } from './grpc-operations.js';

/** Where the operations of a test are, unless it says otherwise. */
export const PARENT = 'projects/p/locations/l';

type Export = Implementation<ExportReportRequest, ExportReportResponse, ReportMetadata>;

/** How a {@link ReportsServer} is to be. */
export interface ReportsServerOptions extends Omit<OperationsOptions, 'methods' | 'clock' | 'logger'> {
  /** @defaultValue `manual` */
  readonly clock?: OperationsOptions['clock'];
  /** The clock that the test moves. @defaultValue one of this server's own */
  readonly manual?: ManualClock;
  /** What it implements of its methods. @defaultValue all */
  readonly serves?: readonly ('exportReport' | 'purgeReports')[];
  /** What the work does when cancellation is requested. @defaultValue 'honour' */
  readonly onAbort?: AbortBehaviour;
  /** Parts of ExportReport to replace; its `run` is the test's to end otherwise. */
  readonly exportReport?: Partial<Export>;
}

/** One way of reaching the server. */
export interface ReportsAccess {
  readonly operations: OperationsApi;
  exportReport(request?: Partial<ExportReportRequest>, options?: CallOptions): Promise<Operation>;
  purgeReports(request?: Partial<PurgeReportsRequest>, options?: CallOptions): Promise<Operation>;
}

/** The example service with the kit behind it, on a free port of 127.0.0.1. */
export interface ReportsServer extends AsyncDisposable {
  readonly kit: Operations;
  /** For a gateway in this process. */
  readonly server: Server;
  readonly address: string;
  readonly port: number;
  readonly manual: ManualClock;
  readonly inProcess: ReportsAccess;
  readonly overGrpc: ReportsAccess;
  /** The work on reports (it can be cancelled). */
  readonly exports: ControlledWork<ExportReportRequest, ExportReportResponse, ReportMetadata>;
  /** The work on purges (it cannot be cancelled). */
  readonly purges: ControlledWork<PurgeReportsRequest, Empty, ReportMetadata>;
  /** What went to the log. */
  readonly logged: { readonly facts: Readonly<Record<string, unknown>>; readonly message: string }[];
}

export async function startReportsServer(options: ReportsServerOptions = {}): Promise<ReportsServer> {
  const { onAbort, exportReport: overrides, manual = manualClock(), serves, ...kitOptions } = options;
  const exports: ReportsServer['exports'] = new ControlledWork(onAbort);
  const purges: ReportsServer['purges'] = new ControlledWork(onAbort);
  const logged: ReportsServer['logged'] = [];
  const parent = (request: { parent: string }) => request.parent;
  const exportReport = implement(ReportsOperations.exportReport, { parent, run: exports.run, ...overrides });
  const purgeReports = implement(ReportsOperations.purgeReports, {
    parent,
    run: purges.run,
    cancellable: false,
  });
  const methods = { exportReport, purgeReports };
  const served = serves ?? (['exportReport', 'purgeReports'] as const);
  const kit = createOperations({
    clock: manual,
    ...kitOptions,
    methods: served.map((method) => methods[method] as ImplementedMethod),
    logger: { error: (facts, message) => logged.push({ facts, message }) },
  });

  const server = new Server();
  server.addService(OperationsService, kit.handlers);
  server.addService(
    strictService(ReportsService),
    Object.fromEntries(served.map((method) => [method, kit.starter(methods[method] as ImplementedMethod)])),
  );
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
      operations: kit.service,
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
