// A server with SQLite, a client, a gateway and a test server in one process. Each project runs it with its own tools.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { type Operation, OperationsClient, StatusError } from 'longrunning';
import { createGateway } from 'longrunning/gateway';
import { ReportsClient, ReportsService } from 'longrunning/generated/example/reports/v1/reports';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { createOperations, implement, service } from 'longrunning/server';
import { sqliteStore } from 'longrunning/sqlite';
import { expectCancelled, startTestServer } from 'longrunning/testing';

const PARENT = 'projects/example/locations/here';

/** Cancels an operation over gRPC, reads it over REST, and cancels one of a test server. */
export async function story(): Promise<string[]> {
  const operations = createOperations({
    store: sqliteStore(':memory:'),
    services: [service(ReportsService, { exportReport, purgeReports })],
    ratePerSecond: 1000,
  });
  const server = new Server();
  operations.addTo(server);
  const address = await listen(server);
  const client = new OperationsClient({ address });
  try {
    const operation = client.operation(await start(address), ReportsOperations.exportReport);
    const outcome = await operation.cancelAndWait({ timeoutMs: 60_000 });
    return [
      `gRPC: ${outcome.state}`,
      `REST: ${await restCode(address, operation.name)}`,
      `test server: ${await withTestServer()}`,
      `error: ${await missing(client)}`,
    ];
  } finally {
    await client.close();
    await operations.close({ graceMs: 0 });
    server.forceShutdown();
  }
}

const parent = (request: { readonly parent: string }) => request.parent;

const exportReport = implement(ReportsOperations.exportReport, {
  parent,
  run: (_, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    }),
});

const purgeReports = implement(ReportsOperations.purgeReports, { parent, run: () => ({}) });

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    );
  });
}

async function start(address: string): Promise<Operation> {
  const reports = new ReportsClient(address, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      const request = { parent: PARENT, title: 'Plans', requestId: '' };
      reports.exportReport(request, (error, started) => (error ? reject(error) : resolve(started)));
    });
  } finally {
    reports.close();
  }
}

/** Reads the code of the operation's error over REST. */
async function restCode(target: string, name: string): Promise<number> {
  const serviceConfig = { file: 'service.yaml', text: 'type: google.api.Service\nhttp: { rules: [] }\n' };
  const gateway = createGateway({ target, serviceConfig });
  const server = createServer(gateway.serverOptions, gateway);
  try {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/v1/${name}`);
    const { error } = (await response.json()) as { error: { code: number } };
    const openApi = await fetch(`http://127.0.0.1:${port}/openapi.json`);
    if (!openApi.ok) throw new Error(`OpenAPI: ${openApi.status}`);
    await openApi.text();
    return error.code;
  } finally {
    await gateway.close();
    server.closeAllConnections();
    server.close();
  }
}

async function withTestServer(): Promise<string> {
  const server = await startTestServer();
  try {
    server.script('default: { durationMs: 50 } # YAML');
    const { name } = await server.createOperation({ parent: PARENT, onCancel: 'honour' });
    const outcome = await server.client.operation(name).cancelAndWait({ timeoutMs: 60_000 });
    expectCancelled(outcome);
    return outcome.state;
  } finally {
    await server.close();
  }
}

async function missing(client: OperationsClient): Promise<string> {
  try {
    await client.getOperation({ name: `${PARENT}/operations/missing` });
    return 'none';
  } catch (error) {
    return error instanceof StatusError ? `StatusError ${error.code}` : String(error);
  }
}

/** What each project has to see. */
export const EXPECTED = ['gRPC: cancelled', 'REST: 1', 'test server: cancelled', 'error: StatusError 5'];
