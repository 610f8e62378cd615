import { expect, it } from '@jest/globals';
import { ReportsService } from 'longrunning/generated/example/reports/v1/reports';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { service } from 'longrunning/server';
import { startTestServer } from 'longrunning/testing';
import { exportReport, purgeReports } from '../reports/methods.js';

const reports = service(ReportsService, { exportReport, purgeReports });

it('exports one report although the first call fails', async () => {
  await using server = await startTestServer({ services: [reports] });
  server.failNext('ExportReport', { code: 'UNAVAILABLE' });

  const request = { parent: 'projects/demo/locations/us-west1', title: 'annual' };
  const operation = await server.client.start(ReportsOperations.exportReport, request);
  expect((await operation.result()).uri).toBe('file:///reports/annual.pdf');

  const calls = await server.whenCalled('ExportReport', 2);
  expect(calls.map(({ outcome }) => outcome?.code)).toEqual(['UNAVAILABLE', 'OK']);
  expect(calls[0]?.request).toEqual(calls[1]?.request);
});
