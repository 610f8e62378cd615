import { randomUUID } from 'node:crypto';
import { credentials } from '@grpc/grpc-js';
import type { Operation } from 'longrunning';
import { ReportsClient } from 'longrunning/generated/example/reports/v1/reports';

/** Calls ExportReport. Resolves to the operation that it started. */
export async function exportReport(address: string, title: string): Promise<Operation> {
  const reports = new ReportsClient(address, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      // The id makes a retry safe: repeated requests start one operation (AIP-155).
      const requestId = randomUUID();
      const request = { parent: 'projects/example/locations/europe-west3', title, requestId };
      reports.exportReport(request, (error, started) => (error ? reject(error) : resolve(started)));
    });
  } finally {
    reports.close();
  }
}
