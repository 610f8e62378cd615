import { operationMethod } from 'longrunning';
import {
  ExportReportRequest,
  ExportReportResponse,
  PurgeReportsRequest,
  ReportMetadata,
} from 'longrunning/generated/example/reports/v1/reports';
import { Empty } from 'longrunning/generated/google/protobuf/empty';

/** The long-running methods of `example.reports.v1.Reports`. */
export const ReportsOperations = {
  exportReport: operationMethod({
    path: '/example.reports.v1.Reports/ExportReport',
    request: ExportReportRequest,
    response: ExportReportResponse,
    metadata: ReportMetadata,
  }),
  purgeReports: operationMethod({
    path: '/example.reports.v1.Reports/PurgeReports',
    request: PurgeReportsRequest,
    response: Empty,
    metadata: ReportMetadata,
  }),
} as const;
