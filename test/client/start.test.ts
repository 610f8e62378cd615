import { type handleUnaryCall, type Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import {
  type ExportReportRequest,
  type PurgeReportsRequest,
  ReportsService,
} from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { Operation } from '../../generated/google/longrunning/operations.js';
import type { OperationsClientOptions } from '../../src/client/operations/client-options.js';
import { OperationsClient } from '../../src/client/operations/operations-client.js';
import { expectKitError, rejection } from '../../src/conformance/kit-error.js';
import { PARENT, startReportsServer } from '../../src/conformance/reports-server.js';
import { Code, StatusError } from '../../src/core/status.js';
import { closeAfterEach } from '../helpers/close-after-each.js';

const opened = closeAfterEach();
const { exportReport, purgeReports } = ReportsOperations;

async function reports() {
  const server = await startReportsServer();
  const client = new OperationsClient({ address: server.address, clock: server.manual });
  opened(server, client);
  return { server, client };
}

/** Server whose methods fail as often as `failures` says, then answer. */
async function failing(failures: number, code: Code = Code.UNAVAILABLE) {
  const requests: (ExportReportRequest | PurgeReportsRequest)[] = [];
  const metadata: Metadata[] = [];
  const handler: handleUnaryCall<ExportReportRequest & PurgeReportsRequest, Operation> = (call, callback) => {
    requests.push(call.request);
    metadata.push(call.metadata);
    if (requests.length > failures) callback(null, Operation.fromPartial({ name: 'operations/1' }));
    else callback({ code, details: 'not now' });
  };
  const server = new Server();
  server.addService(ReportsService, { exportReport: handler, purgeReports: handler });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const client = new OperationsClient({ address: `127.0.0.1:${port}`, headers: { 'x-common': 'all' } });
  opened({ [Symbol.asyncDispose]: async () => server.forceShutdown() }, client);
  return { client, requests, metadata };
}

describe('client › start', () => {
  it('returns the handle of the operation, with the types of the method', async () => {
    const { server, client } = await reports();
    const operation = await client.start(exportReport, { parent: PARENT, title: 'annual' });
    expect(operation.toJSON()).toEqual({ name: operation.name, method: exportReport.path });
    expect(operation.name).toMatch(`${PARENT}/operations/`);
    (await server.exports.on(operation.name)).succeed({ uri: 'gs://annual' });
    const { uri } = await operation.result();
    expect(uri).toBe('gs://annual');
  });

  it('the same request id starts one operation; without an id, each call starts another (contract 8)', async () => {
    const { client } = await reports();
    const request = { parent: PARENT, requestId: 'e3a6cc51-7a2d-4b1b-8b2f-6f3a8f0c9a11' };
    const [first, again] = [
      await client.start(exportReport, request),
      await client.start(exportReport, request),
    ];
    expect(again.name).toBe(first.name);
    const [one, other] = [
      await client.start(exportReport, { parent: PARENT }),
      await client.start(exportReport, { parent: PARENT }),
    ];
    expect(one.name).not.toBe(other.name);
  });

  it('a call with an id is repeated with the same id while the server is UNAVAILABLE', async () => {
    const { client, requests } = await failing(2);
    expect((await client.start(exportReport, { parent: PARENT })).name).toBe('operations/1');
    const ids = new Set(requests.map((request) => 'requestId' in request && request.requestId));
    expect(requests).toHaveLength(3);
    expect(ids.size).toBe(1);
    expect([...ids][0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('a call of a method without request ids is made once', async () => {
    const { client, requests } = await failing(1);
    expect(await rejection(client.start(purgeReports, { parent: PARENT }))).toMatchObject({
      code: Code.UNAVAILABLE,
    });
    expect(requests).toHaveLength(1);
  });

  it('an error of the server is a StatusError with its code', async () => {
    const { client, requests } = await failing(1, Code.PERMISSION_DENIED);
    const error = await rejection(client.start(exportReport, { parent: PARENT }));
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({ code: Code.PERMISSION_DENIED });
    expect(requests).toHaveLength(1);
  });

  it('sends the headers of client and call, and the parent for routing', async () => {
    const { client, metadata } = await failing(0);
    await client.start(exportReport, { parent: PARENT }, { headers: { 'x-own': 'one' } });
    const sent = metadata[0]?.getMap();
    expect(sent).toMatchObject({
      'x-common': 'all',
      'x-own': 'one',
      'x-goog-request-params': `parent=${encodeURIComponent(PARENT)}`,
    });
  });

  it('ends at an abort, at an invalid timeout and with the client', async () => {
    const { client } = await failing(100);
    const signal = AbortSignal.abort('left');
    expect(await rejection(client.start(exportReport, { parent: PARENT }, { signal }))).toBe('left');
    expect(await rejection(client.start(exportReport, { parent: PARENT }, { timeoutMs: -1 }))).toBeInstanceOf(
      TypeError,
    );
    const pending = client.start(exportReport, { parent: PARENT });
    const closing = expectKitError(pending, Code.UNAVAILABLE, { reason: 'CLIENT_CLOSED' });
    await client.close();
    await closing;
  });

  it('misspelt and missing types of fields do not compile', async () => {
    const { client } = await failing(0);
    // @ts-expect-error The field is `parent`.
    await client.start(exportReport, { parnt: PARENT });
    // @ts-expect-error The field is a string.
    await client.start(exportReport, { parent: 7 });
  });
});

describe('client › options', () => {
  it('an unknown name is a TypeError with a suggestion', () => {
    const misspelt = { address: 'localhost:1', maxWaitConnection: 3 } as OperationsClientOptions;
    expect(() => new OperationsClient(misspelt)).toThrow(
      new TypeError(
        'option "maxWaitConnection" of OperationsClient is unknown: did you mean maxWaitConnections?',
      ),
    );
    const strange = { address: 'localhost:1', zzz: 3 } as OperationsClientOptions;
    expect(() => new OperationsClient(strange)).toThrow(
      /^option "zzz" of OperationsClient is unknown: use address, /,
    );
    expect(() => new OperationsClient(null as unknown as OperationsClientOptions)).toThrow(TypeError);
  });

  it('undefined counts as omitted', async () => {
    const omitted = undefined;
    await using client = new OperationsClient({
      address: 'localhost:1',
      tls: omitted,
      token: omitted,
      credentials: omitted,
      headers: omitted,
      interceptors: omitted,
      channelOptions: omitted,
      maxWaitConnections: omitted,
      connectTimeoutMs: omitted,
      retry: omitted,
      clock: omitted,
      random: omitted,
    });
    const options = { timeoutMs: omitted, signal: omitted, intervalMs: omitted };
    expect(client.operation('operations/1', undefined, { retry: omitted }).updates(options)).toBeDefined();
  });
});
