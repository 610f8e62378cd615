import { credentials, Server } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  HealthClient,
  HealthCheckResponse_ServingStatus as Status,
} from '../../generated/health/v1/health.js';
import { expectKitError } from '../../src/conformance/kit-error.js';
import { Code, StatusError } from '../../src/core/status.js';
import { servePort } from '../../src/gateway/index.js';
import { addHealth, createOperations, memoryStore } from '../../src/server/index.js';
import { aroundStore } from '../../src/stores/contract/around-store.js';
import { manualClock, settled } from '../../src/testing/clock/manual-clock.js';

const OPERATIONS = 'google.longrunning.Operations';

type StoreState = 'there' | 'away' | 'hanging';

/** A server whose store is as a test says, with a client of its health. */
async function serveHealth(closing: (() => Promise<void>)[]) {
  const clock = manualClock();
  const store = { state: 'there' as StoreState, reads: 0, answer: () => {} };
  const operations = createOperations({
    methods: [],
    clock,
    store: aroundStore(memoryStore(), async ({ method }, proceed) => {
      if (method !== 'get') return proceed();
      store.reads++;
      if (store.state === 'away') throw new StatusError(Code.UNAVAILABLE, 'database is away');
      if (store.state === 'hanging') await new Promise<void>((resolve) => (store.answer = resolve));
      return proceed();
    }),
  });
  const server = new Server();
  addHealth(server, operations, { services: ['acme.Cars'] });
  const port = await servePort({ server, address: '127.0.0.1:0' });
  const client = new HealthClient(port.address, credentials.createInsecure());
  closing.push(async () => {
    client.close();
    await operations.close({ graceMs: 0 });
    await port.close({ graceMs: 0 });
  });
  const check = (service = '') =>
    new Promise<Status>((resolve, reject) => {
      client.check({ service }, (error, answer) =>
        error ? reject(StatusError.from(error)) : resolve(answer.status),
      );
    });
  return { clock, store, operations, client, check };
}

/** Reports of a watch so far, and its end. */
function watch(client: HealthClient, service: string) {
  const call = client.watch({ service });
  const told: Status[] = [];
  const next = new EventTarget();
  call.on('data', ({ status }: { status: Status }) => {
    told.push(status);
    next.dispatchEvent(new Event('told'));
  });
  const ended = new Promise<number>((resolve) => {
    call.on('error', () => {});
    call.on('status', ({ code }: { code: number }) => resolve(code));
  });
  const until = async (count: number) => {
    while (told.length < count) {
      await new Promise((resolve) => next.addEventListener('told', resolve, { once: true }));
    }
    return told;
  };
  return { call, told, ended, until };
}

describe('health', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  it.each(['', OPERATIONS, 'acme.Cars'])('Check %j: SERVING while the store answers', async (service) => {
    const { check } = await serveHealth(closing);
    expect(await check(service)).toBe(Status.SERVING);
  });

  it('Check of a service that is not served: NOT_FOUND with ErrorInfo', async () => {
    const { check } = await serveHealth(closing);
    await expectKitError(check('acme.Bikes'), Code.NOT_FOUND);
  });

  it('List: every service, and the server as a whole', async () => {
    const { client } = await serveHealth(closing);
    const statuses = await new Promise((resolve, reject) => {
      client.list({}, (error, answer) => (error ? reject(error) : resolve(answer.statuses)));
    });
    const SERVING = { status: Status.SERVING };
    expect(statuses).toEqual({ '': SERVING, [OPERATIONS]: SERVING, 'acme.Cars': SERVING });
  });

  it('NOT_SERVING while the store fails; checked again after a second', async () => {
    const { clock, store, check } = await serveHealth(closing);
    store.state = 'away';
    expect(await check()).toBe(Status.NOT_SERVING);
    store.state = 'there';
    expect(await check()).toBe(Status.NOT_SERVING);
    expect(store.reads).toBe(1);
    await clock.advance(1000);
    expect(await check()).toBe(Status.SERVING);
  });

  it('NOT_SERVING if the store does not answer within two seconds, without concurrent checks', async () => {
    const { clock, store, operations } = await serveHealth(closing);
    store.state = 'hanging';
    for (const _ of ['first', 'second']) {
      const checked = Promise.all([operations.health.check(), operations.health.check()]);
      await clock.advance(2000);
      expect(await checked).toEqual(['NOT_SERVING', 'NOT_SERVING']);
      await clock.advance(1000);
    }
    expect(store.reads).toBe(1);
    store.state = 'there';
    store.answer();
    await settled();
    expect(await operations.health.check()).toBe('SERVING');
  });

  it('Watch: the current status, then every change, until the server stops', async () => {
    const { clock, store, operations, client } = await serveHealth(closing);
    const watched = watch(client, OPERATIONS);
    const unknown = watch(client, 'acme.Bikes');
    expect(await watched.until(1)).toEqual([Status.SERVING]);
    expect(await unknown.until(1)).toEqual([Status.SERVICE_UNKNOWN]);
    store.state = 'away';
    await clock.advance(5000);
    expect(await watched.until(2)).toEqual([Status.SERVING, Status.NOT_SERVING]);
    store.state = 'there';
    await clock.advance(5000);
    await watched.until(3);
    await operations.close({ graceMs: 0 });
    expect(await watched.ended).toBe(Code.OK);
    expect(await unknown.ended).toBe(Code.OK);
    expect(watched.told.slice(2)).toEqual([Status.SERVING, Status.NOT_SERVING]);
    expect(unknown.told).toEqual([Status.SERVICE_UNKNOWN]);
    expect(clock.armed).toBe(0);
  });

  it('Watch: stops checking the store when its client disconnects', async () => {
    const { clock, store, client, check } = await serveHealth(closing);
    const watched = watch(client, '');
    await watched.until(1);
    watched.call.cancel();
    await watched.ended;
    // It comes after the end of the watch, on the same connection.
    await check();
    await clock.advance(60_000);
    expect(store.reads).toBe(1);
  });

  it('close with a delay: NOT_SERVING immediately, while starts are accepted and waits continue', async () => {
    const { clock, operations, check } = await serveHealth(closing);
    const closed = operations.close({ graceMs: 0, drainDelayMs: 3000 });
    expect(await check()).toBe(Status.NOT_SERVING);
    await expect(operations.api.getOperation({ name: 'operations/a' })).rejects.toMatchObject({
      code: Code.NOT_FOUND,
    });
    await clock.advance(2999);
    expect(await Promise.race([closed.then(() => 'closed'), settled().then(() => 'open')])).toBe('open');
    await clock.advance(1);
    await closed;
    expect(await check()).toBe(Status.NOT_SERVING);
  });
});
