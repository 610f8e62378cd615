import { operationMethod } from 'longrunning';
import {
  ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
} from 'longrunning/generated/example/reports/v1/reports';
import { type ImplementedMethod, implement } from 'longrunning/server';

/**
 * What the stored operations are like: `done` with a response; `running` until cancelled; `stubborn`, running
 * on whatever is asked, so that they can be cancelled again and again.
 */
export type ExampleState = 'done' | 'running' | 'stubborn';

/** The long-running method whose operations the benchmark stores, as typical as it can be. */
export function exampleMethod(state: ExampleState): ImplementedMethod<ExportReportRequest> {
  return implement(exportReport, {
    parent: ({ parent }) => parent,
    onStart: () =>
      state === 'done' ? { uri: 'gs://reports/2031/annual.pdf', rowCount: 120_000 } : undefined,
    metadata: () => ({ progressPercent: state === 'done' ? 100 : 50 }),
    run: (_request, { signal }) =>
      new Promise((_resolve, reject) => {
        if (state === 'running')
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  }) as ImplementedMethod<ExportReportRequest>;
}

export const exampleRequest: ExportReportRequest = {
  parent: 'projects/example/locations/europe-west3',
  title: 'The year in figures',
  requestId: '',
};

const exportReport = operationMethod({
  path: '/example.reports.v1.Reports/ExportReport',
  request: ExportReportRequest,
  response: ExportReportResponse,
  metadata: ReportMetadata,
});
