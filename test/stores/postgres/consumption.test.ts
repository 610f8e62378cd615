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
    release: async (_method, claims) => void released.push(...claims),
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
