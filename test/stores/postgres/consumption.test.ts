import { describe, expect, it } from '@jest/globals';
import { Code, StatusError } from '../../../src/core/status.js';
import type {
  ConsumeOptions,
  OperationRecord,
  WorkOutcome,
} from '../../../src/stores/contract/operation-store.js';
import { Consumption, type ConsumptionOptions } from '../../../src/stores/postgres/consumption.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import type { Claim } from '../../../src/stores/postgres/jobs.js';
import { settingsFrom } from '../../../src/stores/postgres/options.js';
import type { Session } from '../../../src/stores/postgres/session.js';
import { statements } from '../../../src/stores/postgres/statements.js';
import { createRows } from '../../../src/stores/postgres/writes.js';
import { rowOf } from '../../../src/stores/sql/operation-row.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { createDatabase, type TestDatabase } from '../../helpers/postgres-database.js';
import { openTestSession } from '../../helpers/postgres-session.js';
import { ended, recordOf } from '../stores.js';

const METHOD = '/s/m';

const closing = closeAfterEach();

const open = (database: TestDatabase) => openTestSession(database, closing);

const consuming: ConsumeOptions = { methods: new Set([METHOD]), maxRunning: 10, onError: () => {} };

const claimOf = (id: number): Claim => ({ id: `${id}`, retryCount: 0, operation: recordOf(id).name });

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

describe('a consumer of a session', () => {
  const statementsOf = statements('"longrunning"', '"longrunning_jobs"');

  /** Session on one queue that the test fills, without a database. */
  function sessionOf(queue: Claim[], methods: () => readonly string[] = () => [METHOD]) {
    const calls = { claims: 0, reconciliations: 0, renewals: 0, log: [] as unknown[] };
    const turn = () => new Promise(setImmediate);
    const query = async (text: string, values: unknown[] = []) => {
      if (text === statementsOf.unfinishedMethods) {
        calls.reconciliations++;
        return { rows: methods().map((method) => ({ method })), rowCount: 0 };
      }
      if (text === statementsOf.getMany) {
        const rows = (values[0] as string[]).map((name) => ({ ...rowOf(recordOf(0)), name }));
        return { rows, rowCount: rows.length };
      }
      if (text === statementsOf.notify) {
        await turn();
        calls.log.push(...(values[1] as unknown[]));
      }
      return { rows: [{ locked: false }], rowCount: 0 };
    };
    const session = {
      channel: 'c',
      sql: statementsOf,
      database: {
        query,
        async transaction(_settings: object, work: (queries: { query: typeof query }) => unknown) {
          const result = await work({ query });
          calls.log.push('commit');
          return result;
        },
      },
      jobs: {
        prepare: async () => {},
        claim: async (_method: string, limit: number) => {
          calls.claims++;
          return queue.splice(0, limit);
        },
        complete: async () => {},
        async release(_queries: unknown, _method: string, claims: readonly Claim[]) {
          await turn();
          queue.push(...claims);
          calls.log.push('released');
        },
        renew: async () => void calls.renewals++,
        releaseLapsed: async () => {},
        now: async () => 0,
        tidy: async () => {},
      },
    } as unknown as Session;
    return { session, calls };
  }

  const HOUR_MS = 3_600_000;

  function consume(open: () => Promise<Session>, options: Partial<ConsumptionOptions> = {}) {
    const consumption = new Consumption({
      ...consuming,
      leaseMs: HOUR_MS,
      workPollMs: HOUR_MS,
      reconcileMs: HOUR_MS,
      open,
      workNotice: (method) => ({ sender: 'me', kind: 'work', subject: method }),
      handler: async () => 'ended',
      ...options,
    });
    closing({ [Symbol.asyncDispose]: () => consumption.close() });
    return consumption;
  }

  const until = async (isTrue: () => boolean) => {
    while (!isTrue()) await new Promise((again) => setTimeout(again, 5));
  };
  const pause = () => new Promise((again) => setTimeout(again, 60));

  it('polls for work and for lost jobs, and renews its claims, until it is closed', async () => {
    const { session, calls } = sessionOf([claimOf(1)]);
    const consumption = consume(async () => session, {
      workPollMs: 5,
      reconcileMs: 5,
      leaseMs: 30,
      handler: () => new Promise((end) => setTimeout(() => end('ended'), 100)),
    });
    await until(() => calls.claims > 5 && calls.reconciliations > 2 && calls.renewals > 1);
    await consumption.close();
    const then = { ...calls };
    await pause();
    expect(calls).toEqual(then);
  });

  it('looks for work once it has looked for lost jobs', async () => {
    const { session, calls } = sessionOf([]);
    consume(async () => session, { reconcileMs: 20 });
    await until(() => calls.reconciliations > 1);
    await until(() => calls.claims > 2);
  });

  it('that is closed while its database opens: claims nothing', async () => {
    const { session, calls } = sessionOf([claimOf(1)]);
    const opening = Promise.withResolvers<Session>();
    const consumption = consume(() => opening.promise, { workPollMs: 5, reconcileMs: 5 });
    const closed = consumption.close();
    opening.resolve(session);
    await closed;
    await pause();
    expect([calls.claims, calls.reconciliations]).toEqual([0, 0]);
  });

  it('that is stopped claims nothing more, and finishes its work when it is closed', async () => {
    const queue = [claimOf(1)];
    const { session, calls } = sessionOf(queue);
    const ending = Promise.withResolvers<WorkOutcome>();
    const consumption = consume(async () => session, { workPollMs: 5, handler: () => ending.promise });
    await until(() => queue.length === 0);
    consumption.stop();
    await pause();
    const { claims } = calls;
    queue.push(claimOf(2));
    consumption.wake();
    await pause();
    expect([calls.claims, queue.length]).toEqual([claims, 1]);
    let isClosed = false;
    const closed = consumption.close().then(() => {
      isClosed = true;
    });
    await pause();
    expect(isClosed).toBe(false);
    ending.resolve('ended');
    await closed;
  });

  it('reports errors of the search for lost jobs, and repeats it', async () => {
    const broken = new Error('no such table');
    const errors: unknown[] = [];
    const { session } = sessionOf([], () => {
      throw broken;
    });
    consume(async () => session, { reconcileMs: 5, onError: (error) => errors.push(error) });
    await until(() => errors.length > 1);
    expect(errors.slice(0, 2)).toEqual([broken, broken]);
  });

  it('closes once a search for lost jobs has ended', async () => {
    const { session, calls } = sessionOf([], () => []);
    const { query } = session.database;
    const gate = Promise.withResolvers<void>();
    const slow = async (...statement: Parameters<typeof query>) => {
      const result = await query(...statement);
      if (statement[0] === statementsOf.unfinishedMethods) await gate.promise;
      return result;
    };
    const consumption = consume(
      async () => ({ ...session, database: Object.assign(session.database, { query: slow }) }),
      { reconcileMs: 5 },
    );
    await until(() => calls.reconciliations === 1);
    let isClosed = false;
    const closed = consumption.close().then(() => {
      isClosed = true;
    });
    await pause();
    expect(isClosed).toBe(false);
    gate.resolve();
    await closed;
    expect(calls.reconciliations).toBe(1);
  });

  it('reports a queue of lost jobs that cannot be created', async () => {
    const refused = new Error('permission denied');
    const errors: unknown[] = [];
    const { session } = sessionOf([]);
    const jobs = Object.assign(session.jobs, { prepare: () => Promise.reject(refused) });
    consume(async () => ({ ...session, jobs }), { reconcileMs: 5, onError: (error) => errors.push(error) });
    // The first comes from the search for work.
    await until(() => errors.length > 2);
    expect(new Set(errors)).toEqual(new Set([refused]));
  });

  it('notifies every server of work that it releases, itself included', async () => {
    const handled: string[] = [];
    const { session, calls } = sessionOf([claimOf(1)]);
    consume(async () => session, {
      async handler({ name }) {
        handled.push(name);
        return handled.length === 1 ? 'released' : 'ended';
      },
    });
    await until(() => handled.length === 2);
    expect(handled).toEqual([recordOf(1).name, recordOf(1).name]);
    expect(calls.log).toEqual(['released', `me work ${METHOD}`, 'commit']);
  });

  it('is woken for one of its methods, and for no others', async () => {
    const queue: Claim[] = [];
    const { session, calls } = sessionOf(queue);
    const consumption = consume(async () => session);
    await until(() => calls.claims === 1);
    consumption.wake('/s/other');
    await pause();
    expect(calls.claims).toBe(1);
    queue.push(claimOf(1));
    consumption.wake(METHOD);
    await until(() => queue.length === 0);
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
