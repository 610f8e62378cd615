// Types inferred for a method, from its generated description to the result of its operation. This code never
// runs: `npm run types` compiles it, and each expected error must occur.

import {
  type OperationHandle,
  type OperationMethod,
  type OperationOutcome,
  OperationsClient,
  operationMethod,
} from 'longrunning';
import {
  ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
} from 'longrunning/generated/example/reports/v1/reports';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import type { Empty } from 'longrunning/generated/google/protobuf/empty';
import { createOperations, implement } from 'longrunning/server';

/** Compiles if both types are the same; `any` equals only itself. */
function same<A, B>(
  ..._same: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : ['not the same type']
): void {}

export function methods(): void {
  same<
    typeof ReportsOperations.exportReport,
    OperationMethod<
      ExportReportRequest,
      ExportReportResponse,
      ReportMetadata,
      '/example.reports.v1.Reports/ExportReport'
    >
  >();
  // @ts-expect-error: different response and request
  same<typeof ReportsOperations.exportReport, typeof ReportsOperations.purgeReports>();
  // @ts-expect-error: the method does not exist
  ReportsOperations.importReport;
  const byHand = operationMethod({
    path: '/example.reports.v1.Reports/ExportReport',
    request: ExportReportRequest,
    response: ExportReportResponse,
    metadata: ReportMetadata,
  });
  same<typeof byHand, typeof ReportsOperations.exportReport>();
  // @ts-expect-error: metadata is missing
  operationMethod({ path: '/a.B/C', request: ExportReportRequest, response: ExportReportResponse });
}

export async function client(): Promise<void> {
  const operations = new OperationsClient({ address: 'localhost:50051' });
  const operation = operations.operation('operations/1', ReportsOperations.exportReport);
  same<typeof operation, OperationHandle<ExportReportResponse, ReportMetadata>>();

  const response = await operation.result();
  same<typeof response, ExportReportResponse>();
  response.rowCount.toFixed();
  // @ts-expect-error: the response has no such field
  response.rowcount;

  const outcome = await operation.cancelAndWait();
  same<typeof outcome, OperationOutcome<ExportReportResponse, ReportMetadata>>();
  // @ts-expect-error: a failed operation has no response
  outcome.response;
  switch (outcome.state) {
    case 'succeeded':
      same<typeof outcome.response, ExportReportResponse>();
      // @ts-expect-error: what succeeded has no error
      outcome.error;
      break;
    case 'cancelled':
    case 'failed':
      outcome.error.code.toFixed();
      break;
  }

  for await (const update of operation.updates()) {
    same<typeof update.metadata, ReportMetadata | undefined>();
    // @ts-expect-error: the metadata has no such field
    update.metadata?.percent;
  }

  const purge = operations.operation('operations/2', ReportsOperations.purgeReports);
  const empty = await purge.result();
  same<typeof empty, Empty>();
  // @ts-expect-error: handles of different methods are incompatible
  const other: typeof operation = purge;
  other.cancel();
}

export function server(): void {
  const exportReport = implement(ReportsOperations.exportReport, {
    parent: (request) => {
      same<typeof request, ExportReportRequest>();
      return request.parent;
    },
    metadata: () => ({ progressPercent: 0 }),
    async run(request, { metadata, update }) {
      same<typeof request, ExportReportRequest>();
      same<typeof metadata, ReportMetadata>();
      await update({ progressPercent: 50 });
      // @ts-expect-error: the metadata has no such field
      await update({ percent: 50 });
      // @ts-expect-error: a number, not a text
      await update({ progressPercent: '50' });
      return { uri: request.title };
    },
  });
  createOperations({ methods: [exportReport] });

  implement(ReportsOperations.exportReport, {
    // @ts-expect-error: the row count is a number
    run: () => ({ rowCount: 'many' }),
  });
  implement(ReportsOperations.exportReport, {
    // @ts-expect-error: the request has no such field
    parent: (request) => request.project,
    run: () => ({}),
  });
  // @ts-expect-error: no implementation
  implement(ReportsOperations.exportReport, {});
}
