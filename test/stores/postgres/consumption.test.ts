import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Code, StatusError } from '../../../src/core/status.js';
import type {
  ConsumeOptions,
  OperationRecord,
  WorkOutcome,
} from '../../../src/stores/contract/operation-store.js';
import { Consumption, reconcile } from '../../../src/stores/postgres/consumption.js';
import { Dispatcher, type DispatcherOptions } from '../../../src/stores/postgres/dispatcher.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import type { Claim } from '../../../src/stores/postgres/jobs.js';
import { settingsFrom } from '../../../src/stores/postgres/options.js';
import { openSession, type Session } from '../../../src/stores/postgres/session.js';
import { createRows } from '../../../src/stores/postgres/writes.js';
import { rowOf } from '../../../src/stores/sql/operation-row.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { createDatabase, type TestDatabase } from '../../helpers/postgres-database.js';
import { ended, recordOf } from '../stores.js';

const METHOD = '/s/m';

const closing = closeAfterEach();

async function open(database: TestDatabase): Promise<Session> {
  const session = await openSession(settingsFrom({ connectionString: database.url, poolSize: 3 }), () => {});
  closing({
    async [Symbol.asyncDispose]() {
      await session.jobs.close();
      await session.pools.close();
    },
  });
  return session;
}

const consuming: ConsumeOptions = { methods: new Set([METHOD]), maxRunning: 10, onError: () => {} };

const claimOf = (id: number): Claim => ({ id: `${id}`, retryCount: 0, operation: recordOf(id).name });

/** Starts a dispatcher with jobs provided by the test. */
function startDispatcher(options: Partial<DispatcherOptions> = {}) {
  const { promise: claims, resolve: claimed } = Promise.withResolvers<readonly Claim[]>();
  const completed: Claim[] = [];
  const released: Claim[] = [];
  const handled: string[] = [];
  let asked = 0;
  const dispatcher = new Dispatcher({
    ...consuming,
    jobs: {
      prepare: async () => {},
      claim: async () => (asked++ === 0 ? await claims : []),
      complete: async (_method, claims) => void completed.push(...claims),
    },
    leases: { take: () => true, drop: (operation) => ({ ...claimOf(0), operation }) },
    read: async (names) => {
      const ids = names.map((name) => Number(name.split('/').at(-1)));
      // Operation 2 has ended, and operation 3 was deleted.
      const records = ids.flatMap((id) => (id === 3 ? [] : [recordOf(id, id === 2 ? ended(5) : {})]));
      return new Map(records.map((record) => [record.name, record]));
    },
    async release(_method, claims) {
      await new Promise(setImmediate);
      released.push(...claims);
    },
    handler: async ({ name }) => {
      handled.push(name);
      return 'ended';
    },
    ...options,
  });
  return { dispatcher, claimed, completed, released, handled };
}

describe('a dispatcher', () => {
  it('hands out pending work, and completes jobs of operations that have ended or were deleted', async () => {
    const { dispatcher, claimed, completed, released, handled } = startDispatcher();
    claimed([1, 2, 3].map(claimOf));
    while (completed.length < 3) await new Promise(setImmediate);
    await dispatcher.close();
    expect(handled).toEqual([recordOf(1).name]);
    expect(completed.map(({ operation }) => operation).sort()).toEqual(
      [1, 2, 3].map((id) => recordOf(id).name),
    );
    expect(released).toEqual([]);
  });

  it('that is stopped while it claims releases all claims, and hands out none', async () => {
    const { dispatcher, claimed, completed, released, handled } = startDispatcher();
    const closed = dispatcher.close();
    claimed([1, 2, 3].map(claimOf));
    await closed;
    expect(released).toEqual([1, 2, 3].map(claimOf));
    expect([...handled, ...completed]).toEqual([]);
  });

  it.each<[WorkOutcome, number, number]>([
    ['ended', 1, 0],
    ['released', 0, 1],
    ['superseded', 0, 0],
  ])('whose work was %s: completes %d jobs and releases %d', async (outcome, completions, releases) => {
    const { dispatcher, claimed, completed, released } = startDispatcher({ handler: async () => outcome });
    claimed([claimOf(1)]);
    await new Promise(setImmediate);
    await dispatcher.close();
    expect([completed.length, released.length]).toEqual([completions, releases]);
  });

  it('whose handler rejects, or whose claim is lost: leaves the job unchanged', async () => {
    const errors: unknown[] = [];
    const failing = startDispatcher({
      onError: (error) => errors.push(error),
      handler: () => Promise.reject(new Error('unknown')),
    });
    const superseded = startDispatcher({ leases: { take: () => true, drop: () => undefined } });
    for (const { claimed, completed, released, dispatcher } of [failing, superseded]) {
      claimed([claimOf(1)]);
      await new Promise(setImmediate);
      await dispatcher.close();
      expect([...completed, ...released]).toEqual([]);
    }
    expect(errors).toEqual([new Error('unknown')]);
  });
});

/** Starts a dispatcher on queues that the test fills. Each run ends when the test says so. */
function dispatchQueues(queues: Record<string, Claim[]>, options: Partial<DispatcherOptions> = {}) {
  const asked: [string, number][] = [];
  const completed: string[] = [];
  const runs = new Map<string, () => void>();
  let claiming = 0;
  let mostClaiming = 0;
  const dispatcher = new Dispatcher({
    ...consuming,
    methods: new Set(Object.keys(queues)),
    jobs: {
      prepare: async () => {},
      async claim(method, limit) {
        asked.push([method, limit]);
        mostClaiming = Math.max(mostClaiming, ++claiming);
        await new Promise(setImmediate);
        claiming--;
        return queues[method]?.splice(0, limit) ?? [];
      },
      complete: async (_method, claims) => void completed.push(...claims.map(({ operation }) => operation)),
    },
    leases: { take: () => true, drop: (operation) => ({ ...claimOf(0), operation }) },
    read: async (names) => new Map(names.map((name) => [name, { ...recordOf(0), name }])),
    release: async () => {},
    handler: async ({ name }) => {
      await new Promise<void>((resolve) => runs.set(name, resolve));
      return 'ended';
    },
    ...options,
  });
  const idle = async () => {
    for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate);
  };
  const end = async (id: number) => {
    runs.get(recordOf(id).name)?.();
    await idle();
  };
  return { dispatcher, asked, completed, runs, idle, end, mostClaiming: () => mostClaiming };
}

const claimsOf = (...ids: number[]) => ids.map(claimOf);

describe('a dispatcher of several methods', () => {
  it('claims no more than it may run, and more whenever work ends (contract 17)', async () => {
    const queues = { a: claimsOf(1, 2, 3, 4, 5) };
    const { dispatcher, asked, runs, idle, end } = dispatchQueues(queues, { maxRunning: 2 });
    await idle();
    expect(asked).toEqual([['a', 2]]);
    await end(1);
    expect(asked).toEqual([
      ['a', 2],
      ['a', 1],
    ]);
    expect([...runs.keys()]).toEqual([1, 2, 3].map((id) => recordOf(id).name));
    for (const id of [2, 3, 4, 5]) await end(id);
    expect(runs.size).toBe(5);
    // The last claims found less than they asked for, so nothing is asked until it is woken.
    const before = asked.length;
    await idle();
    expect(asked).toHaveLength(before);
    await dispatcher.close();
  });

  it('claims at most 100 at once, and again while that many are found', async () => {
    const ids = Array.from({ length: 150 }, (_, id) => id + 10);
    const { asked, runs, idle } = dispatchQueues({ a: claimsOf(...ids) }, { maxRunning: 1000 });
    await idle();
    expect(asked).toEqual([
      ['a', 100],
      ['a', 100],
    ]);
    expect(runs.size).toBe(150);
    for (const end of runs.values()) end();
  });

  it('asks for the methods that it is woken for, one at a time, and for no others', async () => {
    const queues: Record<string, Claim[]> = { a: [], b: [] };
    const { dispatcher, asked, runs, idle, mostClaiming } = dispatchQueues(queues);
    await idle();
    expect(asked.map(([method]) => method)).toEqual(['a', 'b']);
    dispatcher.wake('c');
    await idle();
    expect(asked).toHaveLength(2);
    queues.b?.push(...claimsOf(1));
    for (let times = 0; times < 3; times++) dispatcher.wake('b');
    await idle();
    expect([...runs.keys()]).toEqual([recordOf(1).name]);
    queues.a?.push(...claimsOf(2));
    dispatcher.wake();
    await idle();
    expect([...runs.keys()]).toEqual([1, 2].map((id) => recordOf(id).name));
    expect(mostClaiming()).toBe(1);
    for (const end of runs.values()) end();
  });

  it('continues with the other methods when one cannot be claimed', async () => {
    const errors: unknown[] = [];
    const broken = new Error('no such queue');
    const { dispatcher, runs, idle } = dispatchQueues(
      { a: claimsOf(1), b: claimsOf(2) },
      {
        onError: (error) => errors.push(error),
        jobs: {
          prepare: async (method) => {
            if (method === 'a') throw broken;
          },
          claim: async () => (runs.size === 0 ? claimsOf(2) : []),
          complete: async () => {},
        },
      },
    );
    await idle();
    expect(errors).toEqual([broken]);
    expect([...runs.keys()]).toEqual([recordOf(2).name]);
    for (const end of runs.values()) end();
    await dispatcher.close();
  });

  it('closes once its work has ended and the jobs are completed', async () => {
    const completing = Promise.withResolvers<void>();
    const completed: string[] = [];
    const { dispatcher, idle, end } = dispatchQueues(
      { a: claimsOf(1) },
      {
        jobs: {
          prepare: async () => {},
          claim: async () => (completed.length === 0 ? claimsOf(1) : []),
          async complete(_method, claims) {
            completed.push(...claims.map(({ operation }) => operation));
            await completing.promise;
          },
        },
        maxRunning: 1,
      },
    );
    await idle();
    let isClosed = false;
    const closed = dispatcher.close().then(() => {
      isClosed = true;
    });
    await idle();
    expect([isClosed, completed]).toEqual([false, []]);
    await end(1);
    expect([isClosed, completed]).toEqual([false, [recordOf(1).name]]);
    completing.resolve();
    await closed;
  });

  it('completes jobs that end meanwhile together, and goes on after a completion that fails', async () => {
    const gate = Promise.withResolvers<void>();
    const errors: unknown[] = [];
    const batches: string[][] = [];
    const queue = claimsOf(1, 2, 3);
    const { dispatcher, idle, end } = dispatchQueues(
      { a: [] },
      {
        onError: (error) => errors.push(error),
        jobs: {
          prepare: async () => {},
          claim: async (_method, limit) => queue.splice(0, limit),
          async complete(_method, claims) {
            batches.push(claims.map(({ operation }) => operation));
            if (batches.length === 1) await gate.promise;
          },
        },
      },
    );
    await idle();
    for (const id of [1, 2, 3]) await end(id);
    expect(batches).toEqual([[recordOf(1).name]]);
    const away = new Error('away');
    gate.reject(away);
    await idle();
    expect(batches).toEqual([[recordOf(1).name], [recordOf(2).name, recordOf(3).name]]);
    expect(errors).toEqual([away]);
    await dispatcher.close();
  });
});

describe('a consumer', () => {
  const consume = (openSession: () => Promise<Session>, errors: unknown[], handled: string[]) => {
    const consumption = new Consumption({
      ...settingsFrom({ connectionString: 'postgres://unused' }),
      ...consuming,
      onError: (error) => errors.push(error),
      open: openSession,
      workNotice: (method) => ({ sender: 'me', kind: 'work', subject: method }),
      handler: async ({ name }: OperationRecord) => {
        handled.push(name);
        return 'ended';
      },
    });
    closing({ [Symbol.asyncDispose]: () => consumption.close() });
    return consumption;
  };

  it('whose database is unavailable retries until it is available', async () => {
    const database = closing(await createDatabase());
    const session = await open(database);
    const away = new StatusError(Code.UNAVAILABLE, 'away');
    await session.jobs.prepare(METHOD);
    await createRows(session, '', [{ row: rowOf(recordOf(1)) }]);
    let attempts = 0;
    const errors: unknown[] = [];
    const handled: string[] = [];
    const consumption = consume(
      async () => {
        if (++attempts < 3) throw away;
        return session;
      },
      errors,
      handled,
    );
    while (handled.length === 0) await new Promise((again) => setTimeout(again, 10));
    await consumption.close();
    expect(errors).toEqual([away, away]);
    expect(handled).toEqual([recordOf(1).name]);
  });

  it('whose database rejects it reports that once, and closes', async () => {
    const refused = new StatusError(Code.FAILED_PRECONDITION, 'refused');
    let attempts = 0;
    const errors: unknown[] = [];
    const consumption = consume(
      async () => {
        attempts++;
        throw refused;
      },
      errors,
      [],
    );
    await new Promise((again) => setTimeout(again, 300));
    consumption.wake();
    await consumption.close();
    expect([attempts, errors]).toEqual([1, [refused]]);
  });

  it('that is closed while its database is unavailable: closes immediately', async () => {
    const errors: unknown[] = [];
    const away = new StatusError(Code.UNAVAILABLE, 'away');
    const consumption = consume(() => Promise.reject(away), errors, []);
    await new Promise(setImmediate);
    await consumption.close();
    expect(errors).toEqual([away]);
  });
});

describe('lost jobs', () => {
  const notice = (subject: string) => ({ sender: 'me', kind: 'work', subject }) as const;

  it('are recreated in batches, by one server at a time', async () => {
    const database = closing(await createDatabase());
    const session = await open(database);
    await database.query(`
      INSERT INTO longrunning.operations (name, parent, method, request, cancellable, version, attempt, create_time)
      SELECT 'a/operations/' || n, 'a', '/s/m' || n % 2, '', true, 1, 0, n FROM generate_series(1, 4100) AS n`);
    const jobs = async () => {
      const { rows } = await database.query('SELECT count(*)::integer AS count FROM longrunning_jobs.job');
      return rows[0].count;
    };
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query('BEGIN');
    await other.query(
      "SELECT pg_advisory_xact_lock(hashtextextended('longrunning reconciliation longrunning:longrunning', 0))",
    );
    await reconcile(session, notice);
    expect(await jobs()).toBe(0);
    await other.end();
    await reconcile(session, notice);
    expect(await jobs()).toBe(4100);
    await database.query("DELETE FROM longrunning_jobs.job WHERE data->>'operation' = 'a/operations/4099'");
    await reconcile(session, notice);
    expect(await jobs()).toBe(4100);
  });
});

describe('new rows', () => {
  it('are added in the same order by all servers: method, parent and request id (contract 8)', async () => {
    let added: readonly string[] = [];
    const queries = {
      async query(_text: string, values: unknown[] = []) {
        if (Array.isArray(values[2])) added = values[2] as string[];
        return { rows: [], rowCount: 0 };
      },
    };
    const session = {
      channel: 'c',
      sql: { create: 'create' },
      database: {
        transaction: (_settings: object, work: (given: typeof queries) => unknown) => work(queries),
      },
    } as unknown as Session;
    const records = [
      recordOf(1, { requestId: 'b' }),
      recordOf(2),
      recordOf(3, { requestId: 'a' }),
      recordOf(4, { requestId: 'a', method: '/s/a' }),
      recordOf(5, { requestId: 'c', parent: '0' }),
      recordOf(6),
    ];
    const named = records.map((record) => ({ row: { ...rowOf(record), name: `${record.createTime}` } }));
    for (const writes of [named, named.toReversed()]) {
      expect(await createRows(session, '', writes)).toEqual(writes.map(() => false));
      expect(added.slice(2)).toEqual(['4', '5', '3', '1']);
    }
  });
});

describe('operations that ended without a consumer', () => {
  it('are not handed out, and their jobs are completed', async () => {
    const database = closing(await createDatabase());
    const store = postgresStore({ connectionString: database.url, workPollMs: 20 });
    closing({ [Symbol.asyncDispose]: () => store.close() });
    await store.create(recordOf(1));
    await store.create(recordOf(2));
    await store.compareAndSet(recordOf(1, { version: 2, ...ended(1e15) }), 1);
    const handled: string[] = [];
    store.consume(async ({ name }) => {
      handled.push(name);
      return 'ended';
    }, consuming);
    for (;;) {
      const { rows } = await database.query("SELECT 1 FROM longrunning_jobs.job WHERE state <> 'completed'");
      if (rows.length === 0) break;
    }
    expect(handled).toEqual([recordOf(2).name]);
  });
});
