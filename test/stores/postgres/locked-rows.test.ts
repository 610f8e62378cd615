import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startReportsServer } from '../../../src/conformance/reports-server.js';
import { systemClock } from '../../../src/core/clock.js';
import { Code } from '../../../src/core/status.js';
import type { OperationStore } from '../../../src/stores/contract/operation-store.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { createDatabase, type TestDatabase } from '../../helpers/postgres-database.js';
import { recordOf } from '../stores.js';

const COUNT = 40;
const ids = Array.from({ length: COUNT }, (_, id) => id);

const closing = closeAfterEach();

async function openStore({ url }: TestDatabase, queryTimeoutMs = 60_000): Promise<OperationStore> {
  const store = postgresStore({ connectionString: url, poolSize: 4, queryTimeoutMs });
  closing({ [Symbol.asyncDispose]: () => store.close() });
  await store.ready();
  return store;
}

/** Foreign transaction, which runs a statement and stays open until it is ended. */
async function startTransaction({ url }: TestDatabase, statement: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  closing({ [Symbol.asyncDispose]: () => client.end() });
  await client.query('BEGIN');
  await client.query(statement);
  return { end: () => client.query('ROLLBACK') };
}

const lockOf = (...locked: number[]) =>
  `SELECT FROM longrunning.operations WHERE name IN (${locked.map((id) => `'${recordOf(id).name}'`)}) FOR UPDATE`;

/** Resolves to the settled calls once all but `count` have settled. */
async function answeredBut(count: number, calls: readonly Promise<unknown>[]): Promise<number[]> {
  const answered: number[] = [];
  await new Promise<void>((resolve) => {
    for (const [index, call] of calls.entries()) {
      call.then(() => {
        answered.push(index);
        if (answered.length === calls.length - count) resolve();
      });
    }
  });
  return answered.sort((a, b) => a - b);
}

describe('a row locked by a foreign transaction', () => {
  it('delays only its own changes, which are applied once it is unlocked', async () => {
    const database = closing(await createDatabase());
    const store = await openStore(database);
    await Promise.all(ids.map((id) => store.create(recordOf(id))));
    const other = await startTransaction(database, lockOf(3, 7, 11));
    const changes = ids.map((id) => store.compareAndSet(recordOf(id, { version: 2 }), 1));
    expect(await answeredBut(3, changes)).toEqual(ids.filter((id) => ![3, 7, 11].includes(id)));
    // Later changes of other rows are not delayed either.
    const later = ids.filter((id) => id > 11);
    const laterChanges = later.map((id) => store.compareAndSet(recordOf(id, { version: 3 }), 2));
    expect(await Promise.all(laterChanges)).toEqual(later.map(() => true));
    await other.end();
    expect(await Promise.all(changes)).toEqual(ids.map(() => true));
    expect(await store.get(recordOf(7).name)).toMatchObject({ version: 2 });
  });

  it('whose lock ends with a change: the second change is not applied (contract 16)', async () => {
    const database = closing(await createDatabase());
    const store = await openStore(database);
    await store.create(recordOf(1));
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    closing({ [Symbol.asyncDispose]: () => client.end() });
    await client.query('BEGIN');
    await client.query('UPDATE longrunning.operations SET version = 2, attempt = 5');
    const change = store.compareAndSet(recordOf(1, { version: 2 }), 1);
    // The change meets the lock before it ends.
    await store.compareAndSet(recordOf(2, { version: 2 }), 1);
    await client.query('COMMIT');
    expect(await change).toBe(false);
    expect(await store.get(recordOf(1).name)).toMatchObject({ version: 2, attempt: 5 });
  });

  it('delays only its own deletion, however many are deleted', async () => {
    const database = closing(await createDatabase());
    const store = await openStore(database);
    await Promise.all(ids.map((id) => store.create(recordOf(id))));
    const locked = ids.slice(0, 10);
    const other = await startTransaction(database, lockOf(...locked));
    const deletions = ids.map((id) => store.delete(recordOf(id).name));
    expect(await answeredBut(10, deletions)).toEqual(ids.slice(10));
    expect(await store.delete('a/operations/none')).toBe(false);
    await other.end();
    expect(await Promise.all(deletions)).toEqual(ids.map(() => true));
  });

  it.each([
    ['deleting', 'ROLLBACK', 'a/operations/0'],
    ['deleting', 'COMMIT', 'a/operations/103'],
  ])(
    'a request id whose operation somebody is %s: other starts go on (contract 8), after %s',
    async (_, end, name) => {
      const database = closing(await createDatabase());
      const store = await openStore(database);
      await store.create(recordOf(0, { requestId: 'taken' }));
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      closing({ [Symbol.asyncDispose]: () => client.end() });
      await client.query('BEGIN');
      await client.query('DELETE FROM longrunning.operations');
      const starts = ids.map((id) =>
        store.create(
          recordOf(100 + id, id === 3 ? { requestId: 'taken' } : id % 2 ? { requestId: `${id}` } : {}),
        ),
      );
      expect(await answeredBut(1, starts)).toEqual(ids.filter((id) => id !== 3));
      await client.query(end);
      expect(await starts[3]).toMatchObject({ name, requestId: 'taken' });
    },
  );

  it('for longer than the statement timeout: UNAVAILABLE that names the operation', async () => {
    const database = closing(await createDatabase());
    const store = await openStore(database, 300);
    await store.create(recordOf(1));
    await startTransaction(database, lockOf(1));
    const refused = {
      code: Code.UNAVAILABLE,
      message: expect.stringMatching(
        /"a\/operations\/1" has been locked by another transaction .* for 300 ms: end that/,
      ),
    };
    await expect(store.compareAndSet(recordOf(1, { version: 2 }), 1)).rejects.toMatchObject(refused);
    await expect(store.delete(recordOf(1).name)).rejects.toMatchObject(refused);
  });

  it('when the store is closed: UNAVAILABLE immediately', async () => {
    const database = closing(await createDatabase());
    const store = await openStore(database);
    await store.create(recordOf(1));
    await startTransaction(database, lockOf(1));
    const change = store.compareAndSet(recordOf(1, { version: 2 }), 1);
    await store.compareAndSet(recordOf(2, { version: 2 }), 1);
    // Before the store is closed, or the rejection would have no handler for a moment.
    const refused = expect(change).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    await store.close();
    await refused;
  });
});

describe('a job locked by a foreign transaction', () => {
  const LOCK_JOBS = "SELECT FROM longrunning_jobs.job WHERE state = 'active' FOR UPDATE";
  /** Shorter than the time limit of a statement, which would end a wait for a lock. */
  const SOON_MS = 10_000;

  async function startServer({ url }: TestDatabase) {
    const store = postgresStore({ connectionString: url, queryTimeoutMs: 60_000 });
    const exportReport = { onInterrupted: 'resume' } as const;
    const server = await startReportsServer({ clock: systemClock, store, exportReport, maxRunning: 4 });
    closing(server);
    const begin = async () => {
      const { name } = await server.inProcess.exportReport();
      return { name, run: await server.exports.on(name) };
    };
    return { server, begin };
  }

  const states = async ({ query }: TestDatabase) => {
    const { rows } = await query(`SELECT data->>'operation' AS name, state FROM longrunning_jobs.job`);
    return new Map(rows.map(({ name, state }) => [name, state]));
  };

  it.each([
    ['ends', (run: { succeed(): void }) => run.succeed()],
    ['is released to be resumed', () => {}],
  ])('does not delay the shutdown of a server whose work %s', async (_, end) => {
    const database = closing(await createDatabase());
    const { server, begin } = await startServer(database);
    const { name, run } = await begin();
    await startTransaction(database, LOCK_JOBS);
    end(run);
    const begun = performance.now();
    await server.kit.close({ graceMs: 1000 });
    expect(performance.now() - begun).toBeLessThan(SOON_MS);
    expect((await states(database)).get(name)).toBe('active');
  });

  it('does not delay the completion of other jobs', async () => {
    const database = closing(await createDatabase());
    const { server, begin } = await startServer(database);
    const locked = await begin();
    await startTransaction(database, LOCK_JOBS);
    const other = await begin();
    for (const { run } of [locked, other]) run.succeed();
    await Promise.all([locked, other].map(({ name }) => server.inProcess.operations.waitOperation({ name })));
    const begun = performance.now();
    while ((await states(database)).get(other.name) !== 'completed');
    expect(performance.now() - begun).toBeLessThan(SOON_MS);
    expect((await states(database)).get(locked.name)).toBe('active');
  });
});
