import { describe, expect, it } from '@jest/globals';
import { rejection } from '../../../src/conformance/kit-error.js';
import { startTestServer } from '../../../src/testing/index.js';

const REPORTS = 'example/reports/v1/reports.proto';

describe('startTestServer', () => {
  it('serves gRPC and REST on one free port', async () => {
    await using server = await startTestServer();
    expect(server.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    const operation = await server.createOperation();
    expect(operation.name).toBe('operations/1');
    expect(await server.client.getOperation({ name: operation.name })).toMatchObject({ done: false });
    const response = await fetch(`${server.url}/v1/operations?pageSize=1`, {
      headers: { connection: 'close' },
    });
    expect(await response.json()).toMatchObject({ operations: [{ name: operation.name }] });
    expect(server.calls).toMatchObject([
      { method: 'google.longrunning.Operations.GetOperation', over: 'gRPC', outcome: { code: 'OK' } },
      { method: 'google.longrunning.Operations.ListOperations', over: 'REST', outcome: { code: 'OK' } },
    ]);
  });

  it('listens on the given address', async () => {
    await using first = await startTestServer();
    const taken = rejection(startTestServer({ address: first.address }));
    expect(await taken).toMatchObject({ code: 'EADDRINUSE' });
    await using other = await startTestServer({ address: '[::1]:0' });
    expect(other.address).toMatch(/^\[::1\]:[1-9]/);
  });

  it('adds a fake API after the start, over gRPC and REST', async () => {
    await using server = await startTestServer({ clock: 'manual' });
    await server.fake(REPORTS);
    const response = await fetch(`${server.url}/v1/projects/p/locations/l/reports:export`, {
      method: 'POST',
      headers: { connection: 'close', 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'r' }),
    });
    const started = (await response.json()) as { name: string };
    expect(started.name).toMatch(/^projects\/p\/locations\/l\/operations\/1$/);
    await server.clock.advance(1000);
    expect(await server.client.getOperation(started)).toMatchObject({ done: true });
  });

  it('leaves no open resources, with 200 servers at once', async () => {
    const servers = await Promise.all(Array.from({ length: 200 }, () => startTestServer()));
    const names = await Promise.all(
      servers.map(async (server) => {
        const { name } = await server.createOperation();
        return (await server.client.getOperation({ name })).name;
      }),
    );
    expect(new Set(names)).toEqual(new Set(['operations/1']));
    expect(new Set(servers.map(({ address }) => address)).size).toBe(200);
    await Promise.all(servers.map((server) => server.close()));
  });
});
