import { describe, expect, it } from '@jest/globals';
import {
  manualClock,
  type RecordedCall,
  startTestServer,
  type TestServer,
} from '../../../src/testing/index.js';

/** Records a scenario on a test server, which must be the same in every run. */
async function story(server: TestServer): Promise<void> {
  const { client, clock } = server;
  const operation = await server.createOperation({ onCancel: { afterMs: 100 } });
  server.failNext('GetOperation', { code: 'ABORTED', delayMs: 50 });
  const failing = client.getOperation(operation, { headers: { 'x-test': 'yes' } }).catch(() => {});
  await server.whenCalled('GetOperation');
  await clock.advance(50);
  await failing;
  await client.cancelOperation(operation);
  await operation.cancelRequested;
  await clock.advance(100);
  await client.waitOperation(operation);
  await client.listOperations({ name: '', pageSize: 1 });
}

describe('server.calls', () => {
  it('contains method, request, headers, time and outcome of every call, and reports each when it ends', async () => {
    const told: RecordedCall[] = [];
    await using server = await startTestServer({ clock: 'manual', onCall: (call) => told.push(call) });
    await story(server);
    const start = Date.UTC(2030, 0, 1);
    expect(server.calls[0]).toEqual({
      method: 'google.longrunning.Operations.GetOperation',
      request: { name: 'operations/1' },
      headers: expect.objectContaining({ 'x-test': 'yes' }),
      over: 'gRPC',
      time: start,
      fault: 'error',
      outcome: {
        code: 'ABORTED',
        message: 'failure injected by a fault of the test server',
        time: start + 50,
      },
    });
    expect(server.calls.map(({ method, outcome }) => [method.split('.').at(-1), outcome?.code])).toEqual([
      ['GetOperation', 'ABORTED'],
      ['CancelOperation', 'OK'],
      ['WaitOperation', 'OK'],
      ['ListOperations', 'OK'],
    ]);
    expect(told).toEqual(server.calls);
    server.reset();
    expect(server.calls).toEqual([]);
  });

  it('is reproducible with the same script and clock', async () => {
    const first = await startTestServer({ clock: 'manual' });
    await story(first);
    const expected = first.calls;
    await first.close();
    for (let run = 0; run < 1000; run++) {
      await using server = await startTestServer({ clock: 'manual' });
      await story(server);
      expect(server.calls).toEqual(expected);
    }
  });

  it('whenCalled resolves with the calls of a method', async () => {
    await using server = await startTestServer();
    const { name } = await server.createOperation();
    const called = server.whenCalled('GetOperation', 2);
    await server.client.getOperation({ name });
    await server.client.getOperation({ name });
    expect(await called).toHaveLength(2);
    await expect(server.whenCalled('GetOperatio')).rejects.toThrow('did you mean "GetOperation"?');
  });
});

describe('server.clock', () => {
  it('drives retention and WaitOperation timeouts, without sleeping', async () => {
    await using server = await startTestServer({ clock: 'manual', retentionMs: 60_000, maxWaitMs: 5000 });
    const operation = await server.createOperation();
    const waiting = server.client.waitOperation(operation);
    await server.whenCalled('WaitOperation');
    await server.clock.advance(5000);
    expect((await waiting).done).toBe(false);
    await operation.succeed();
    await server.clock.advance(59_999);
    expect((await server.client.getOperation(operation)).done).toBe(true);
    await server.clock.advance(1);
    await expect(server.client.getOperation(operation)).rejects.toMatchObject({ code: 5 });
  });

  it('can be shared by several servers', async () => {
    const clock = manualClock();
    await using first = await startTestServer({ clock });
    await using second = await startTestServer({ clock });
    await clock.advance(1000);
    expect([first.clock.now(), second.clock.now()]).toEqual([clock.now(), clock.now()]);
  });

  it('cannot be advanced unless it is manual', async () => {
    await using server = await startTestServer();
    await expect(server.clock.advance(1)).rejects.toThrow(/start the server with \{ clock: "manual" \}/);
  });
});
