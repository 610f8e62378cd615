import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { Code } from '../../src/core/status.js';
import { startTestServer, type TestServer } from '../../src/testing/index.js';
import { otherClients } from './clients.js';

// Google's client looks for a Google metadata server.
process.env.METADATA_SERVER_DETECTION = 'none';

const { exportReport } = ReportsOperations;

describe.each(otherClients())('client.operation of a message that $name returned', ({ get }) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await server.fake('example/reports/v1/reports.proto');
  });
  afterAll(() => server.close());

  it('reports the outcome without a call (contract 35, 44): an error with its details', async () => {
    const operation = await server.createOperation();
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'LOCKED', domain: 'd' }];
    await operation.fail({ code: 'FAILED_PRECONDITION', message: 'locked', details });
    const message = await get(server, operation.name);
    const calls = server.calls.length;
    const outcome = await server.client.operation(message as never, exportReport).wait();
    expect(outcome).toMatchObject({
      state: 'failed',
      name: operation.name,
      error: {
        code: Code.FAILED_PRECONDITION,
        message: 'locked',
        details: [{ typeUrl: details[0]?.['@type'] }],
      },
    });
    expect(server.calls).toHaveLength(calls);
  });

  it('reports the outcome without a call: cancelled', async () => {
    const operation = await server.createOperation();
    await operation.cancelled();
    const message = await get(server, operation.name);
    expect((await server.client.operation(message as never, exportReport).wait()).state).toBe('cancelled');
  });

  it('reports the outcome without a call: response and metadata', async () => {
    const progress = {
      '@type': 'type.googleapis.com/example.reports.v1.ReportMetadata',
      progressPercent: 50,
    };
    const operation = await server.createOperation({ metadata: progress });
    const uri = { '@type': 'type.googleapis.com/example.reports.v1.ExportReportResponse', uri: 'file:///a' };
    await operation.succeed(uri);
    const message = await get(server, operation.name);
    const calls = server.calls.length;
    expect(await server.client.operation(message as never, exportReport).wait()).toMatchObject({
      state: 'succeeded',
      response: { uri: 'file:///a', rowCount: 0 },
      metadata: { progressPercent: 50 },
    });
    expect(server.calls).toHaveLength(calls);
  });

  it('waits for a running operation', async () => {
    const operation = await server.createOperation();
    const handle = server.client.operation((await get(server, operation.name)) as never, exportReport);
    const waiting = handle.wait();
    await operation.fail({ code: 'ABORTED', message: 'x' });
    expect(await waiting).toMatchObject({ state: 'failed', error: { code: Code.ABORTED } });
  });
});
