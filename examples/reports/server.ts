import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import {
  type ExportReportRequest,
  type ExportReportResponse,
  type ReportMetadata,
  ReportsService,
} from 'longrunning/generated/example/reports/v1/reports';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { createOperations, type Implementation, implement, service } from 'longrunning/server';

/** Implementation of ExportReport. */
export type WriteReport = Implementation<ExportReportRequest, ExportReportResponse, ReportMetadata>['run'];

/** Example service on a free port of this machine. */
export interface ReportsServer extends AsyncDisposable {
  readonly address: string;
}

/** Starts the service. `ExportReport` runs `run`; `PurgeReports` cannot be cancelled. */
export async function startReportsServer(run: WriteReport = fourQuarters): Promise<ReportsServer> {
  const parent = (request: { readonly parent: string }) => request.parent;
  const exportReport = implement(ReportsOperations.exportReport, { parent, run });
  const purgeReports = implement(ReportsOperations.purgeReports, {
    parent,
    run: () => ({}),
    cancellable: false,
  });
  const operations = createOperations({
    services: [service(ReportsService, { exportReport, purgeReports })],
  });

  const server = new Server();
  operations.addTo(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await operations.close({ graceMs: 0 });
      server.forceShutdown();
    },
  };
}

/** Takes two seconds and reports progress every quarter. */
const fourQuarters: WriteReport = async ({ title }, { signal, update }) => {
  for (const progressPercent of [25, 50, 75, 100]) {
    await sleep(500, undefined, { signal });
    await update({ progressPercent });
  }
  return { uri: `file:///reports/${encodeURIComponent(title)}.pdf`, rowCount: 120 };
};
