// Declarations that the code of the documents uses without defining them.

import type { Server } from '@grpc/grpc-js';
import type { FastifyInstance } from 'fastify';
import type { OperationHandle, OperationsClient } from 'longrunning';
import type { Gateway } from 'longrunning/gateway';
import type {
  ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
} from 'longrunning/generated/example/reports/v1/reports';
import type { ReportsOperations as Methods } from '../../../generated/example/reports/v1/reports.operations.ts';

declare global {
  const ReportsOperations: typeof Methods;
  const client: OperationsClient;
  const operation: OperationHandle<ExportReportResponse, ReportMetadata>;
  const name: string;
  const parent: string;
  const saved: string;
  const server: Server;
  const gateway: Gateway;
  const fastify: FastifyInstance;
  const request: { parent: string; attachedClusterId: string };
  function draw(metadata: ReportMetadata | undefined): void;
  function fetchToken(): Promise<string>;
  function collect(request: ExportReportRequest, signal: AbortSignal): Promise<readonly object[]>;
  function write(rows: readonly object[], signal: AbortSignal): Promise<string>;
}
