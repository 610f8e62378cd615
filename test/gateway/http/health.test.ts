import { Server } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { addHealth, createOperations, memoryStore, OperationsService } from '../../../src/server/index.js';
import { aroundStore } from '../../../src/stores/contract/around-store.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { serveBesideGrpc, serveGateway } from '../http-client.js';

describe('GET /healthz and /readyz', () => {
  const opened = closeAfterEach();

  /** Operations and their health, with a store that can be unavailable. */
  async function serve() {
    const store = { away: false };
    const operations = createOperations({
      methods: [],
      store: aroundStore(memoryStore(), async ({ method }, proceed) => {
        if (store.away && method === 'get') throw new Error('database is away');
        return proceed();
      }),
    });
    const server = new Server();
    server.addService(OperationsService, operations.handlers);
    addHealth(server, operations);
    const gateway = opened(await serveBesideGrpc(server, {}));
    opened(operations);
    return { gateway, store, operations };
  }

  it.each(['/healthz', '/readyz', '/readyz?verbose'])('%s: 200 and "ok" in plain text', async (path) => {
    const { gateway } = await serve();
    const answer = await gateway.ask('GET', path);
    expect([answer.status, answer.text]).toEqual([200, 'ok\n']);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    });
    const head = await gateway.ask('HEAD', path);
    expect([head.status, head.text]).toEqual([200, '']);
    const post = await gateway.ask('POST', path, { body: {} });
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  it('the store is unavailable: alive, not ready', async () => {
    const { gateway, store } = await serve();
    store.away = true;
    expect((await gateway.ask('GET', '/healthz')).status).toBe(200);
    const ready = await gateway.ask('GET', '/readyz');
    expect([ready.status, ready.text]).toEqual([503, 'not ready: NOT_SERVING\n']);
  });

  it('the server is stopping: alive, not ready', async () => {
    const { gateway, operations } = await serve();
    await operations.close({ graceMs: 0 });
    expect((await gateway.ask('GET', '/healthz')).status).toBe(200);
    expect((await gateway.ask('GET', '/readyz')).status).toBe(503);
  });

  it('a server without a health service is ready if it answers; an unreachable one is not', async () => {
    const plain = opened(await serveBesideGrpc(new Server(), {}));
    expect((await plain.ask('GET', '/readyz')).status).toBe(200);
    const nobody = opened(await serveGateway({ target: 'localhost:1' }));
    const ready = await nobody.ask('GET', '/readyz');
    expect([ready.status, ready.text]).toEqual([503, 'not ready: UNAVAILABLE\n']);
  });

  it('give precedence to a rule for the path, and do not exist when off', async () => {
    const text =
      'http: { rules: [{ selector: google.longrunning.Operations.GetOperation, get: "/{name}" }] }';
    const ruled = opened(
      await serveGateway({ target: 'localhost:1', serviceConfig: { file: 'service.yaml', text } }),
    );
    expect((await ruled.ask('GET', '/healthz')).json).toMatchObject({ error: { status: 'UNAVAILABLE' } });
    const off = opened(await serveGateway({ target: 'localhost:1', health: 'off' }));
    expect((await off.ask('GET', '/healthz')).status).toBe(404);
  });
});
