import { describe, expect, it } from '@jest/globals';
import { OperationsClient } from 'longrunning';
import { RetryInfo } from '../../generated/google/rpc/error_details.js';
import { expectKitError } from '../../src/conformance/kit-error.js';
import { Code, StatusError } from '../../src/core/status.js';
import { servePort } from '../../src/gateway/index.js';
import { createOperations, memoryStore, type OperationsOptions } from '../../src/server/index.js';
import { aroundStore } from '../../src/stores/contract/around-store.js';
import { exampleService } from '../../src/testing/faking/example.js';
import { parseScript } from '../../src/testing/script/script.js';
import { fakeServer } from '../../src/testing/server/fake-server.js';
import { closeAfterEach } from '../helpers/close-after-each.js';

const PARENT = 'projects/p/locations/l';

describe('limits', () => {
  const opened = closeAfterEach();

  /** The example service, whose callers are who they say they are. */
  async function serve(limits: Partial<OperationsOptions>) {
    const { schema } = await exampleService();
    const script = parseScript('default: { durationMs: 600000 }', { file: 'script', schema });
    const authorize: OperationsOptions['authorize'] = ({ headers }) => ({
      caller: { principal: headers['x-goog-user'] },
    });
    const { server, gateway, operations } = fakeServer({
      apis: [{ schema, script }],
      operations: { authorize, ...limits },
    });
    const port = await servePort({ server, ...(gateway && { gateway }), address: '127.0.0.1:0' });
    opened({
      async [Symbol.asyncDispose]() {
        await operations.close({ graceMs: 0 });
        await port.close({ graceMs: 0 });
        gateway?.close();
        server.forceShutdown();
      },
    });
    const as = (user: string) =>
      opened(new OperationsClient({ address: port.address, headers: { 'x-goog-user': user } }));
    const rest = (user: string, path: string, body?: object) =>
      fetch(`http://${port.address}/v1/${path}`, {
        headers: { 'x-goog-user': user, connection: 'close', 'content-type': 'application/json' },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      });
    const start = (user: string) => rest(user, `${PARENT}/reports:export`, {});
    return { operations, as, rest, start };
  }

  it('ratePerSecond: RESOURCE_EXHAUSTED and RetryInfo for a caller over the limit; others continue', async () => {
    const { as, rest } = await serve({ ratePerSecond: 5 });
    const [ada, bob] = [as('ada'), as('bob')];
    const list = (client: OperationsClient) => client.listOperations({ name: PARENT });
    const calls = await Promise.allSettled(Array.from({ length: 20 }, () => list(ada)));
    const refused = calls.flatMap((call) =>
      call.status === 'rejected' ? [StatusError.from(call.reason)] : [],
    );
    expect(refused.length).toBeGreaterThan(0);
    expect(calls.length - refused.length).toBeGreaterThanOrEqual(5);
    await expectKitError(Promise.reject(refused[0]), Code.RESOURCE_EXHAUSTED, {
      reason: 'RATE_LIMIT_EXCEEDED',
    });
    expect(refused[0]?.detail(RetryInfo)?.retryDelay).toBeDefined();
    await expect(list(bob)).resolves.toMatchObject({ operations: [] });
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const response = await rest('eve', `${PARENT}/operations`);
        await response.text();
        return [response.status, response.headers.get('retry-after')];
      }),
    );
    expect(statuses).toContainEqual([429, '1']);
    expect(statuses.filter(([status]) => status === 200).length).toBeGreaterThanOrEqual(5);
  });

  it('maxWaitsPerCaller: one more is rejected, over gRPC and REST; others wait, and a wait that ends makes room', async () => {
    const { as, rest, start, operations } = await serve({ maxWaitsPerCaller: 2 });
    const { name } = (await (await start('ada')).json()) as { name: string };
    const [ada, bob] = [as('ada'), as('bob')];
    const wait = (client: OperationsClient, seconds: number) =>
      client.waitOperation({ name, timeout: { seconds, nanos: 0 } });
    const waits = [wait(ada, 60), rest('ada', `${name}:wait`, { timeout: '60s' })];
    // The third is told once both are there.
    const error = await untilRefused(() => wait(ada, 0));
    await expectKitError(Promise.reject(error), Code.RESOURCE_EXHAUSTED, { reason: 'TOO_MANY_WAITS' });
    const overRest = await rest('ada', `${name}:wait`, { timeout: '0s' });
    expect([overRest.status, overRest.headers.get('retry-after')]).toEqual([429, '1']);
    await overRest.text();
    await expect(wait(bob, 0)).resolves.toMatchObject({ name, done: false });
    await expect(ada.getOperation({ name })).resolves.toMatchObject({ name });
    await operations.api.cancelOperation({ name });
    for (const waited of waits) await waited;
    await expect(wait(ada, 0)).resolves.toMatchObject({ name, done: true });
  });

  it('maxUnfinished: one more start is rejected until another has ended; other calls continue', async () => {
    const { as, start, operations } = await serve({ maxUnfinished: 2, maxRunning: 1 });
    const first = (await (await start('ada')).json()) as { name: string };
    expect((await start('bob')).status).toBe(200);
    const refused = await start('ada');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await refused.json()).toMatchObject({
      error: {
        status: 'RESOURCE_EXHAUSTED',
        details: [{ reason: 'TOO_MANY_OPERATIONS' }, expect.anything()],
      },
    });
    const client = as('ada');
    expect((await client.listOperations({ name: PARENT })).operations).toHaveLength(2);
    await client.cancelOperation({ name: first.name });
    await operations.api.waitOperation({ name: first.name });
    expect((await start('ada')).status).toBe(200);
  });

  it('maxCallsPerCaller: one more is rejected, over gRPC and REST; others continue, and a response makes room', async () => {
    const { as, rest, start, operations } = await serve({ maxCallsPerCaller: 2 });
    const { name } = (await (await start('ada')).json()) as { name: string };
    const [ada, bob] = [as('ada'), as('bob')];
    const wait = (client: OperationsClient, seconds: number) =>
      client.waitOperation({ name, timeout: { seconds, nanos: 0 } });
    const waits = [wait(ada, 60), rest('ada', `${name}:wait`, { timeout: '60s' })];
    const error = await untilRefused(() => ada.getOperation({ name }));
    await expectKitError(Promise.reject(error), Code.RESOURCE_EXHAUSTED, { reason: 'TOO_MANY_CALLS' });
    expect(error.message).toMatch(/^caller has 2 calls under way: /);
    const overRest = [await start('ada'), await rest('ada', `${PARENT}/reports:purge`, {})];
    for (const { status, headers } of overRest)
      expect([status, headers.get('retry-after')]).toEqual([429, '1']);
    await Promise.all(overRest.map((response) => response.text()));
    await expect(bob.getOperation({ name })).resolves.toMatchObject({ name });
    await operations.api.cancelOperation({ name });
    for (const waited of waits) await waited;
    await expect(ada.getOperation({ name })).resolves.toMatchObject({ name, done: true });
  });

  it('maxCallsPerCaller: a caller that disconnects frees its slots', async () => {
    const { as, start } = await serve({ maxCallsPerCaller: 1 });
    const { name } = (await (await start('ada')).json()) as { name: string };
    const ada = as('ada');
    const leaving = new AbortController();
    const left = ada.waitOperation({ name }, { signal: leaving.signal, timeoutMs: 60_000 });
    await untilRefused(() => ada.getOperation({ name }));
    leaving.abort();
    await expect(left).rejects.toThrow();
    await untilAnswered(() => ada.getOperation({ name }));
  });

  it('refusalsPerSecond: an address with too many rejections is rejected before authentication; another one is not', async () => {
    let asked = 0;
    const authorize: OperationsOptions['authorize'] = ({ headers }) => {
      asked++;
      if (headers['x-goog-user'] === 'ada') return { caller: { principal: 'ada' } };
      throw new StatusError(Code.UNAUTHENTICATED, 'who are you?');
    };
    const operations = opened(createOperations({ methods: [], authorize, refusalsPerSecond: 3 }));
    const list = (user: string, peer: string) =>
      operations.for({ headers: { 'x-goog-user': user }, peer }).listOperations({ name: '' });
    // Whoever is let in is not counted.
    for (let call = 0; call < 10; call++) await list('ada', '192.0.2.7:1');
    const error = await untilRefused(() => list('eve', '192.0.2.7:2'), Code.RESOURCE_EXHAUSTED);
    await expectKitError(Promise.reject(error), Code.RESOURCE_EXHAUSTED, { reason: 'RATE_LIMIT_EXCEEDED' });
    expect(error.message).toMatch(/^address has made 3 calls in a second that were refused: /);
    expect(error.detail(RetryInfo)?.retryDelay).toBeDefined();
    expect(asked).toBeGreaterThanOrEqual(13);
    await expect(list('ada', '192.0.2.8:1')).resolves.toMatchObject({ operations: [] });
    await untilAnswered(() => list('ada', '192.0.2.7:3'));
  });

  it('refusalsPerSecond: over gRPC and REST, including starts', async () => {
    const authorize: OperationsOptions['authorize'] = () => {
      throw new StatusError(Code.PERMISSION_DENIED, 'not you');
    };
    const { as, start } = await serve({ authorize, refusalsPerSecond: 1 });
    await untilRefused(() => as('eve').listOperations({ name: PARENT }), Code.RESOURCE_EXHAUSTED);
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const response = await start('eve');
        await response.text();
        return response.status;
      }),
    );
    expect(statuses).toContain(429);
  });

  it('serviceFor: callers of another transport are counted too', async () => {
    const operations = opened(createOperations({ methods: [], ratePerSecond: 1 }));
    const from = (peer: string) => operations.for({ headers: {}, peer }).listOperations({ name: '' });
    const calls = await Promise.allSettled(Array.from({ length: 5 }, (_, port) => from(`192.0.2.7:${port}`)));
    expect(calls.map(({ status }) => status)).toContain('rejected');
    await expect(from('192.0.2.8:1')).resolves.toMatchObject({ operations: [] });
  });

  it('many starts at once do not exceed maxUnfinished', async () => {
    const { as, start } = await serve({ maxUnfinished: 5 });
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await start('ada')).status));
    const begun = statuses.filter((status) => status === 200).length;
    expect(begun).toBeLessThanOrEqual(5);
    expect((await as('ada').listOperations({ name: PARENT })).operations).toHaveLength(begun);
  });

  it.each([
    [{ ratePerSecond: 0 }, /^option ratePerSecond is 0: give a whole number/],
    [{ maxWaitsPerCaller: 1.5 }, /^option maxWaitsPerCaller is 1.5: give a whole number/],
    [{ maxCallsPerCaller: 0 }, /^option maxCallsPerCaller is 0: give a whole number/],
    [{ refusalsPerSecond: Number.NaN }, /^option refusalsPerSecond is NaN: give a whole number/],
    [{ maxUnfinished: -1 }, /^option maxUnfinished is -1: give a whole number/],
  ])('rejects %j', (limits, message) => {
    expect(() => createOperations({ methods: [], ...limits })).toThrow(message);
  });

  it('rejects maxUnfinished with a store that cannot count', () => {
    const { countUnfinished: _, ...store } = aroundStore(memoryStore(), (_call, proceed) => proceed());
    expect(() => createOperations({ methods: [], store, maxUnfinished: 1 })).toThrow(
      /^option maxUnfinished needs a store that counts: /,
    );
  });
});

/** Calls until that is refused, with that code. */
async function untilRefused(call: () => Promise<unknown>, code?: Code): Promise<StatusError> {
  for (;;) {
    try {
      await call();
    } catch (thrown) {
      const error = StatusError.from(thrown);
      if (code === undefined || error.code === code) return error;
    }
  }
}

/** Calls until that is no longer refused for being too much. */
async function untilAnswered(call: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await call();
      return;
    } catch (thrown) {
      expect(StatusError.from(thrown).code).toBe(Code.RESOURCE_EXHAUSTED);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
