// Handlers that a service definition accepts. This code never runs: `npm run types` compiles it, and each expected error must
// occur.

import { loadPackageDefinition, type ServiceDefinition, type sendUnaryData } from '@grpc/grpc-js';
import { type Operation, type OperationMethod, operationMethod } from 'longrunning';
import {
  ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
  ReportsService,
} from 'longrunning/generated/example/reports/v1/reports';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { OperationsService as GeneratedService } from 'longrunning/generated/google/longrunning/operations';
import type { Empty } from 'longrunning/generated/google/protobuf/empty';
import { HealthService } from 'longrunning/generated/health/v1/health';
import { createOperations, type ImplementedMethod, implement, service } from 'longrunning/server';

const exportReport = implement(ReportsOperations.exportReport, { run: () => ({}) });
const purgeReports = implement(ReportsOperations.purgeReports, { run: () => ({}) });

declare const operation: Operation;

/** Two methods with the same messages. */
const backUp = operationMethod({
  path: '/acme.v1.Backups/BackUp',
  request: ExportReportRequest,
  response: ExportReportResponse,
  metadata: ReportMetadata,
});
const restore = operationMethod({ ...backUp, path: '/acme.v1.Backups/Restore' });
const BackupsService = {
  backUp: { ...ReportsService.exportReport, path: '/acme.v1.Backups/BackUp' as const },
  restore: { ...ReportsService.exportReport, path: '/acme.v1.Backups/Restore' as const },
};

export function reports(): void {
  service(ReportsService, { exportReport, purgeReports });
  createOperations({ services: [service(ReportsService, { exportReport, purgeReports })] });
  service(ReportsService, {
    exportReport,
    // A unary method that returns an Operation may have a plain handler.
    purgeReports: (call, callback) => {
      call.request.parent.trim();
      callback(null, operation);
    },
  });
  service(ReportsService, {
    // @ts-expect-error: swapped
    exportReport: purgeReports,
    // @ts-expect-error: swapped
    purgeReports: exportReport,
  });
  // @ts-expect-error: purgeReports is missing
  service(ReportsService, { exportReport });
  // @ts-expect-error: misspelt
  service(ReportsService, { exportReport, purgeReport: purgeReports });
  // @ts-expect-error: one too many
  service(ReportsService, { exportReport, purgeReports, importReport: exportReport });
  // @ts-expect-error: not an implementation
  service(ReportsService, { exportReport: ReportsOperations.exportReport, purgeReports });
  service(ReportsService, {
    exportReport,
    purgeReports: (call, callback) => {
      // @ts-expect-error: the request has no such field
      call.request.title;
      // @ts-expect-error: the response is an Operation
      callback(null, { uri: '' });
    },
  });
}

export function methodsWithTheSameMessages(): void {
  const [backingUp, restoring] = [
    implement(backUp, { run: () => ({}) }),
    implement(restore, { run: () => ({}) }),
  ];
  service(BackupsService, { backUp: backingUp, restore: restoring });
  service(BackupsService, {
    // @ts-expect-error: swapped
    backUp: restoring,
    // @ts-expect-error: swapped
    restore: backingUp,
  });
  const untold: OperationMethod<ExportReportRequest, ExportReportResponse, ReportMetadata> = backUp;
  const anyPath = implement(untold, { run: () => ({}) });
  // Only the run-time check knows the path.
  service(BackupsService, { backUp: anyPath, restore: restoring });
  const methods: readonly ImplementedMethod[] = [backingUp, restoring, anyPath];
  createOperations({ methods });
  const typed: ImplementedMethod<ExportReportRequest, ExportReportResponse, ReportMetadata> = backingUp;
  service(BackupsService, { backUp: typed, restore: restoring });
}

export function otherMethods(): void {
  service(HealthService, {
    check: (call, callback) => {
      call.request.service.trim();
      callback(null, { status: 1 });
    },
    list: async (_call, callback) => callback(null, { statuses: {} }),
    watch: (call) => {
      call.write({ status: 1 });
      // @ts-expect-error: the response has no such field
      call.write({ state: 1 });
      call.end();
    },
  });
  service(HealthService, {
    // @ts-expect-error: the method does not return operations
    check: exportReport,
    list: (_call, callback) => callback(null, { statuses: {} }),
    // @ts-expect-error: neither does this one
    watch: exportReport,
  });
  service(
    GeneratedService,
    {
      getOperation: (_call, callback) => callback(null, operation),
      listOperations: (_call, callback) =>
        callback(null, { operations: [], nextPageToken: '', unreachable: [] }),
      cancelOperation: (_call, callback) => callback(null, {} satisfies Empty),
      deleteOperation: (_call, callback) => callback(null, {}),
      waitOperation: (_call, callback) => callback(null, operation),
    },
    // @ts-expect-error: a resource has a name of text
    { nameOf: { getOperation: () => 1 } },
  );
}

/** Handlers as methods of a class, which may have other members. */
class Reports {
  readonly exportReport = exportReport;
  readonly prefix = 'operations/';
  purgeReports(_call: unknown, callback: sendUnaryData<Operation>): void {
    callback(null, operation);
  }
}

export function classesAndLoadedDefinitions(): void {
  service(ReportsService, new Reports());
  service({} as ServiceDefinition, { exportReport, PurgeReports: () => {} });
  const loaded = loadPackageDefinition({}).Reports;
  if (typeof loaded === 'function' && 'service' in loaded) service(loaded.service as ServiceDefinition, {});
  // @ts-expect-error: no definition
  service({ exportReport: true }, { exportReport });
}
