import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startReportsServer } from '../../../src/conformance/reports-server.js';
import { systemClock } from '../../../src/core/clock.js';
import type { PostgresClient } from '../../../src/stores/postgres/connection.js';
import { type PostgresStoreOptions, postgresStore } from '../../../src/stores/postgres/index.js';
import { Listener, type ListenerOptions } from '../../../src/stores/postgres/listener.js';
import { formatNotice, type Notice } from '../../../src/stores/postgres/notice.js';
import { manualClock } from '../../../src/testing/clock/manual-clock.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { createDatabase, type TestDatabase } from '../../helpers/postgres-database.js';
import { startNetwork } from '../../helpers/silent-network.js';
import { transactionPool } from '../../helpers/transaction-pool.js';

const PROBE_INTERVAL_MS = 10_000;
const PROBE_TIMEOUT_MS = 5000;

const closing = closeAfterEach();

/** Starts a listener on a database, with a clock that the test advances. Records its callbacks. */
function startListener(database: TestDatabase, url: string, options: Partial<ListenerOptions> = {}) {
  const clock = manualClock();
  const told: unknown[] = [];
  const watchers = new Set<() => void>();
  const tell = (what: unknown) => {
    told.push(what);
    for (const watcher of watchers) watcher();
  };
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => {});
  const send = async (notice: Notice) => {
    await database.query('SELECT pg_notify($1, $2)', ['test', formatNotice(notice)]);
  };
  const listener = new Listener({
    connect: () => pool.connect(),
    channel: 'test',
    sendEcho: (subject) => send({ sender: 'me', kind: 'echo', subject }),
    onNotice: ({ kind, subject }) => tell(`${kind} ${subject}`),
    onGap: () => tell('gap'),
    onDelivery: (receives) => tell(receives ? 'receiving' : 'not receiving'),
    onError: (error) => tell(error),
    clock,
    ...options,
  });
  closing({
    async [Symbol.asyncDispose]() {
      await listener.close();
      await pool.end();
    },
  });
  /** Resolves after `count` callbacks. */
  const whenTold = (count: number) =>
    new Promise<void>((resolve) => {
      const watcher = () => {
        if (told.length < count) return;
        watchers.delete(watcher);
        resolve();
      };
      watchers.add(watcher);
      watcher();
    });
  /** Resolves when only a timer of that length is pending. */
  const whenIdle = async (ms: number) => {
    while (clock.armed !== 1 || clock.untilNextMs !== ms) await new Promise(setImmediate);
  };
  return { clock, told, whenTold, whenIdle, send };
}

describe('a listener', () => {
  it('receives its own notices and those of others', async () => {
    const database = closing(await createDatabase());
    const { told, whenTold, send } = startListener(database, database.url);
    await whenTold(2);
    await send({ sender: 'other', kind: 'changed', subject: 'operations/1' });
    await database.query("SELECT pg_notify('test', 'not ours')");
    await send({ sender: 'other', kind: 'echo', subject: 'not mine' });
    await send({ sender: 'other', kind: 'work', subject: '/s/m' });
    await whenTold(4);
    expect(told).toEqual(['gap', 'receiving', 'changed operations/1', 'work /s/m']);
  });

  it('whose connection dies silently listens on a new one, and has missed changes read again', async () => {
    const database = closing(await createDatabase());
    const network = closing(await startNetwork(database.url));
    const { clock, told, whenTold, whenIdle, send } = startListener(database, network.url);
    await whenTold(2);
    // An answered probe changes nothing.
    await whenIdle(PROBE_INTERVAL_MS);
    await clock.advance(PROBE_INTERVAL_MS);
    await whenIdle(PROBE_INTERVAL_MS);
    network.fallSilent();
    await clock.advance(PROBE_INTERVAL_MS);
    expect(told).toEqual(['gap', 'receiving']);
    await clock.advance(PROBE_TIMEOUT_MS);
    await whenTold(3);
    expect(told[2]).toEqual(new Error('the listening connection did not answer within 5000 ms'));
    await whenIdle(100);
    await clock.advance(100);
    await whenTold(4);
    await send({ sender: 'other', kind: 'changed', subject: 'operations/1' });
    await whenTold(5);
    expect(told.slice(3)).toEqual(['gap', 'changed operations/1']);
  });

  it('that does not receive its echo reports it once, keeps trying, and reports when it does', async () => {
    const database = closing(await createDatabase());
    let isLost = true;
    const echoes: string[] = [];
    const { clock, told, whenTold, whenIdle, send } = startListener(database, database.url, {
      async sendEcho(subject) {
        echoes.push(subject);
        if (!isLost) await send({ sender: 'me', kind: 'echo', subject });
      },
    });
    await whenTold(1);
    for (let tried = 1; tried <= 3; tried++) {
      await whenIdle(PROBE_TIMEOUT_MS);
      await clock.advance(PROBE_TIMEOUT_MS);
      expect(told).toEqual(['gap', 'not receiving']);
      expect(echoes).toHaveLength(tried);
      await whenIdle(PROBE_INTERVAL_MS);
      isLost = tried < 3;
      await clock.advance(PROBE_INTERVAL_MS);
      while (echoes.length === tried) await new Promise(setImmediate);
    }
    await whenTold(3);
    expect(told).toEqual(['gap', 'not receiving', 'receiving']);
  });

  it('whose echo cannot be sent does not report missing notices, and sends another later', async () => {
    const database = closing(await createDatabase());
    const refused = new Error('refused');
    let isRefused = true;
    const { clock, told, whenTold, whenIdle, send } = startListener(database, database.url, {
      async sendEcho(subject) {
        if (isRefused) throw refused;
        await send({ sender: 'me', kind: 'echo', subject });
      },
    });
    await whenTold(2);
    expect(told).toEqual(['gap', refused]);
    isRefused = false;
    await whenIdle(PROBE_INTERVAL_MS);
    await clock.advance(PROBE_INTERVAL_MS);
    await whenTold(3);
    expect(told).toEqual(['gap', refused, 'receiving']);
  });

  it('whose database is unavailable retries with backoff, and can close meanwhile', async () => {
    const database = closing(await createDatabase());
    const { clock, told, whenTold, whenIdle } = startListener(
      database,
      'postgres://user:password@127.0.0.1:1/none',
    );
    for (const [index, pauseMs] of [100, 200, 400, 800, 1600, 3200, 5000, 5000].entries()) {
      await whenTold(index + 1);
      await whenIdle(pauseMs);
      await clock.advance(pauseMs);
    }
    expect(told).not.toContain('gap');
  });
});

describe('a listener on connections that end', () => {
  /** Connections that the test ends; each answers every statement. */
  function startOnConnections() {
    const clock = manualClock();
    const connections: { client: EventEmitter; released: unknown[] }[] = [];
    const told: unknown[] = [];
    const listener = new Listener({
      async connect() {
        const client = new EventEmitter();
        const released: unknown[] = [];
        connections.push({ client, released });
        return Object.assign(client, {
          query: async () => ({ rows: [], rowCount: 0 }),
          release: (destroy: unknown) => released.push(destroy),
        }) as unknown as PostgresClient;
      },
      channel: 'test',
      async sendEcho(subject) {
        const payload = formatNotice({ sender: 'me', kind: 'echo', subject });
        connections.at(-1)?.client.emit('notification', { payload });
      },
      onNotice: () => {},
      onGap: () => told.push('gap'),
      onDelivery: (receives) => told.push(receives),
      onError: (error) => told.push(error),
      clock,
    });
    closing({ [Symbol.asyncDispose]: () => listener.close() });
    const whenIdle = async (ms: number) => {
      while (clock.armed !== 1 || clock.untilNextMs !== ms) await new Promise(setImmediate);
    };
    return { clock, connections, told, listener, whenIdle };
  }

  it.each([
    ['ends', ({ client }: { client: EventEmitter }) => client.emit('end'), 'the listening connection ended'],
    ['breaks', ({ client }: { client: EventEmitter }) => client.emit('error', new Error('reset')), 'reset'],
  ])(
    'that %s: closes it and listens on a new one, each time after the first pause',
    async (_, end, message) => {
      const { clock, connections, told, listener, whenIdle } = startOnConnections();
      for (let round = 1; round <= 4; round++) {
        await whenIdle(PROBE_INTERVAL_MS);
        expect(connections).toHaveLength(round);
        const connection = connections.at(-1) as (typeof connections)[number];
        end(connection);
        await whenIdle(100);
        expect(connection.released).toEqual([true]);
        await clock.advance(100);
      }
      await whenIdle(PROBE_INTERVAL_MS);
      const failed = [new Error(message), 'gap'];
      expect(told).toEqual(['gap', true, ...failed, ...failed, ...failed, ...failed]);
      await listener.close();
      expect(connections.at(-1)?.released).toEqual([true]);
      expect([clock.armed, told.length]).toEqual([0, 10]);
    },
  );

  it('closes while it pauses', async () => {
    const { clock, connections, listener, whenIdle } = startOnConnections();
    await whenIdle(PROBE_INTERVAL_MS);
    connections[0]?.client.emit('end');
    await whenIdle(100);
    await listener.close();
    expect([clock.armed, connections.length]).toEqual([0, 1]);
  });
});

describe('a server behind a pooler that does not keep sessions', () => {
  async function startPooled(database: TestDatabase, options: Partial<PostgresStoreOptions> = {}) {
    const pool = transactionPool(database.url);
    const store = postgresStore({ pool, workPollMs: 120_000, watchPollMs: 120_000, ...options });
    const server = await startReportsServer({
      clock: systemClock,
      store,
      pageTokenSecret: 'shared',
      maxRunning: 1,
    });
    closing({
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await pool.end();
      },
    });
    const whenLogged = async () => {
      while (server.logged.length === 0) await new Promise((again) => setTimeout(again, 50));
    };
    return { server, whenLogged };
  }

  it('logs a warning, and learns of ends and of work elsewhere within seconds', async () => {
    const database = closing(await createDatabase());
    const a = await startPooled(database);
    const b = await startPooled(database);
    await Promise.all([a.whenLogged(), b.whenLogged()]);
    expect(a.server.logged.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^notifications of PostgreSQL do not arrive: .* set listenConnectionString \(--store-listen\)/,
      ),
    ]);
    const first = await a.server.inProcess.exportReport();
    const run = await Promise.race([a.server.exports.on(first.name), b.server.exports.on(first.name)]);
    const waits = [a, b].map(({ server }) => server.inProcess.operations.waitOperation({ name: first.name }));
    const begun = performance.now();
    run.succeed();
    for (const ended of await Promise.all(waits)) expect(ended.done).toBe(true);
    // The regular polls are two minutes apart.
    expect(performance.now() - begun).toBeLessThan(60_000);
  });

  it('with a separate listening connection: receives notices, and does not warn', async () => {
    const database = closing(await createDatabase());
    const a = await startPooled(database, { listenConnectionString: database.url });
    const b = await startPooled(database, { listenConnectionString: database.url });
    const { name } = await a.server.inProcess.exportReport();
    const run = await Promise.race([a.server.exports.on(name), b.server.exports.on(name)]);
    const waits = [a, b].map(({ server }) => server.inProcess.operations.waitOperation({ name }));
    run.succeed();
    for (const ended of await Promise.all(waits)) expect(ended.done).toBe(true);
    expect([...a.server.logged, ...b.server.logged]).toEqual([]);
  });
});
