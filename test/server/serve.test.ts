import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ReportsService } from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { grpcOperations } from '../../src/conformance/grpc-operations.js';
import { Code, OperationsClient } from '../../src/index.js';
import {
  implement,
  memoryStore,
  type OperationStore,
  type ServeOptions,
  serve,
  service,
} from '../../src/server/index.js';
import { closeAfterEach } from '../helpers/close-after-each.js';

const descriptors = readFileSync('generated/descriptors.binpb');
const purgeReports = implement(ReportsOperations.purgeReports, { run: () => ({}) });

/** A method whose work ends when the test says so. */
function controlled() {
  const end = Promise.withResolvers<{ uri: string }>();
  const started = Promise.withResolvers<AbortSignal>();
  const exportReport = implement(ReportsOperations.exportReport, {
    run(_request, { signal }) {
      started.resolve(signal);
      return end.promise;
    },
  });
  return { exportReport, end, started: started.promise };
}

/** A store that does something before it is closed. */
function storeThat(beforeClose: () => unknown): OperationStore {
  const store = memoryStore();
  const close = store.close.bind(store);
  return Object.assign(store, {
    async close() {
      await beforeClose();
      await close();
    },
  });
}

describe('serve', () => {
  const opened = closeAfterEach();

  async function start(options: Partial<ServeOptions> = {}) {
    const { exportReport, end, started } = controlled();
    const logged: { readonly facts: object; readonly message: string }[] = [];
    const running = await serve({
      address: '127.0.0.1:0',
      services: [service(ReportsService, { exportReport, purgeReports })],
      rest: { descriptors },
      logger: { error: (facts, message) => logged.push({ facts, message }) },
      shutdown: { signals: 'off', graceMs: 0 },
      ...options,
    });
    opened(running);
    const client = opened(new OperationsClient({ address: running.address }));
    const url = `http://${running.address}`;
    return { running, client, url, exportReport, end, started, logged };
  }

  it('serves gRPC, REST and health on one port', async () => {
    const { running, client, url, end } = await start();
    expect(running.address).toBe(`127.0.0.1:${running.port}`);
    const response = await fetch(`${url}/v1/projects/p/locations/l/reports:export`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: '{}',
    });
    const { name } = (await response.json()) as { name: string };
    end.resolve({ uri: 'a' });
    expect(await client.operation(name, ReportsOperations.exportReport).result()).toMatchObject({ uri: 'a' });
    expect((await fetch(`${url}/readyz`, { headers: { connection: 'close' } })).status).toBe(200);
    await running.close();
    await running.done;
    await expect(fetch(url)).rejects.toThrow();
  });

  it('authorizes gRPC and REST', async () => {
    const refuse = () => {
      throw Object.assign(new Error('not you'), { code: Code.PERMISSION_DENIED });
    };
    const { client, url } = await start({ authorize: refuse as never });
    await expect(client.getOperation({ name: 'operations/a' })).rejects.toMatchObject({
      code: expect.any(Number) as never,
    });
    expect(
      (await fetch(`${url}/v1/operations/a`, { headers: { connection: 'close' } })).status,
    ).toBeGreaterThanOrEqual(400);
  });

  it('omits REST, health and reflection if they are off, and describes services by reflection if it is on', async () => {
    const { url, running } = await start({ rest: 'off', health: 'off', reflection: 'on' });
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    using operations = grpcOperations(running.address);
    await expect(operations.getOperation({ name: 'operations/a' })).rejects.toMatchObject({
      code: Code.NOT_FOUND,
    });
  });

  it.each<[string, Partial<ServeOptions>, string]>([
    ['a negative grace', { shutdown: { graceMs: -1 } }, 'shutdown.graceMs must be 0 or more, got -1'],
    [
      'a limit that is no number',
      { shutdown: { limitMs: Number.NaN } },
      'shutdown.limitMs must be 0 or more, got NaN',
    ],
    ['a public address without TLS', { address: '0.0.0.0:0' }, 'TLS'],
    [
      'a rule that is invalid',
      {
        rest: {
          serviceConfig: {
            file: 'a.yaml',
            text: 'http: { rules: [{ selector: google.longrunning.Operations.GetOperation, get: "x" }] }',
          },
        },
      },
      'x',
    ],
  ])('rejects %s, and closes the store', async (_what, options, message) => {
    let isClosed = false;
    const store = storeThat(() => {
      isClosed = true;
    });
    await expect(start({ store, ...options })).rejects.toThrow(message);
    expect(isClosed || 'shutdown' in options).toBe(true);
  });

  it('stops in order: health, waits, grace, last calls, store', async () => {
    const order: string[] = [];
    const store = storeThat(() => {
      order.push('store closed');
    });
    const { running, client, exportReport, started, end, url } = await start({
      store,
      shutdown: { signals: 'off', drainDelayMs: 300, graceMs: 10_000 },
    });
    const { name } = await running.operations.start(exportReport, {});
    await started;
    const waiting = client.waitOperation({ name, timeout: { seconds: 60, nanos: 0 } });
    const closing = running.close().then(() => order.push('done'));
    const ready = await fetch(`${url}/readyz`, { headers: { connection: 'close' } });
    order.push(`ready ${ready.status}`);
    // The server still accepts calls.
    await client.getOperation({ name });
    expect((await waiting).done).toBe(false);
    order.push('wait answered');
    end.resolve({ uri: 'a' });
    await closing;
    expect(order).toEqual(['ready 503', 'wait answered', 'store closed', 'done']);
  });

  it('stops within its time limit if the store hangs', async () => {
    const store = storeThat(() => new Promise<never>(() => {}));
    const { running, url, logged } = await start({
      store,
      shutdown: { signals: 'off', graceMs: 0, limitMs: 300 },
    });
    const before = performance.now();
    await running.close();
    expect(performance.now() - before).toBeLessThan(3000);
    await expect(fetch(url)).rejects.toThrow();
    expect(logged.map(({ message }) => message)).toContain(
      'shutdown did not finish in time: connections are closed, the store is left as it is',
    );
  });

  it('stops on a signal, once, and then removes its signal handlers', async () => {
    const before = process.listenerCount('SIGTERM');
    const { running } = await start({ shutdown: { signals: ['SIGTERM'], graceMs: 0 } });
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    process.emit('SIGTERM', 'SIGTERM');
    expect(process.listenerCount('SIGTERM')).toBe(before);
    await running.done;
    await running.close();
  });

  it('supports `await using`', async () => {
    let done: Promise<void>;
    {
      await using running = await serve({ address: '127.0.0.1:0', shutdown: { signals: 'off', graceMs: 0 } });
      done = running.done;
    }
    await done;
    await sleep(0);
  });
});
