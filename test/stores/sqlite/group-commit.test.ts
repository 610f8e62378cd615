import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { expectKitError, rejection } from '../../../src/conformance/kit-error.js';
import { startReportsServer } from '../../../src/conformance/reports-server.js';
import { Code, StatusError } from '../../../src/core/status.js';
import { GroupCommit } from '../../../src/stores/sqlite/group-commit.js';
import { sqliteStore } from '../../../src/stores/sqlite/index.js';
import { IN_MEMORY, type OpenDatabase, openDatabase } from '../../../src/stores/sqlite/open-database.js';
import { OperationsTable } from '../../../src/stores/sqlite/operations-table.js';
import { storeError } from '../../../src/stores/sqlite/sqlite-error.js';
import { type TempDirectory, tempDirectory } from '../../helpers/sqlite-file.js';
import { recordOf } from '../stores.js';

const fail = (error: unknown) => {
  throw error;
};

describe('group commit', () => {
  let open: OpenDatabase;
  let table: OperationsTable;
  let writes: GroupCommit;
  beforeEach(() => {
    open = openDatabase(IN_MEMORY, { synchronous: 'full', integrityCheck: 'quick' });
    table = new OperationsTable(open.database);
    writes = new GroupCommit(open.database, fail);
  });
  afterEach(() => open.close());

  const insert = (id: number, request = new Uint8Array()) =>
    writes.write(() => table.insert(recordOf(id, { request })));
  const count = () => Number(open.database.prepare('SELECT count(*) AS n FROM operations').get()?.n);

  it('commits concurrent changes together, in order, and reports none before it is durable', async () => {
    const told: string[] = [];
    const tell = (text: string) => () => {
      told.push(`${text}, ${count()} committed`);
    };
    const committed = [1, 2, 3].map((id) => writes.write(() => table.insert(recordOf(id)), tell(`${id}`)));
    expect(count()).toBe(0);
    expect(await Promise.all(committed)).toHaveLength(3);
    expect(told).toEqual(['1', '2', '3'].map((id) => `${id}, 3 committed`));
  });

  it('settles and reports every write, even if reporting one fails', async () => {
    const failures: unknown[] = [];
    const told: number[] = [];
    const broken = new Error('broken');
    const careful = new GroupCommit(open.database, (error) => failures.push(error));
    const written = [1, 2, 3].map((id) =>
      careful.write(
        () => table.insert(recordOf(id)),
        () => {
          told.push(id);
          if (id === 1) throw broken;
        },
      ),
    );
    expect(await Promise.all(written)).toHaveLength(3);
    expect({ told, failures, count: count() }).toEqual({ told: [1, 2, 3], failures: [broken], count: 3 });
  });

  it('rejects one change and commits the others', async () => {
    const [first, second, third] = [insert(1), insert(1), insert(2)];
    expect(await rejection(second)).toMatchObject({ code: Code.ALREADY_EXISTS });
    await Promise.all([first, third]);
    expect(count()).toBe(2);
  });

  it('on a full disk: commits none, rejects all, and continues once there is room', async () => {
    await insert(1);
    const limit = (pages: number) => open.database.exec(`PRAGMA max_page_count = ${pages}`);
    // Exactly the current number of pages: there is no room for another.
    limit(1);
    const together = [insert(2), insert(3, new Uint8Array(1_000_000)), insert(4)];
    for (const write of together) {
      const error = storeError(await rejection(write));
      expect(error).toBeInstanceOf(StatusError);
      expect(error).toMatchObject({ code: Code.UNAVAILABLE, message: expect.stringContaining('full') });
    }
    expect(count()).toBe(1);
    limit(1_000_000);
    await insert(5);
    expect(count()).toBe(2);
  });

  it.each(['BEGIN IMMEDIATE', 'COMMIT'])(
    'when %s fails: rejects all, and continues with the next',
    async (failing) => {
      const busy = new Error('database is locked');
      let isBusy = true;
      const database = {
        exec(sql: string) {
          if (isBusy && sql === failing) throw busy;
          open.database.exec(sql);
        },
      } as DatabaseSync;
      writes = new GroupCommit(database, fail);
      const together = [insert(1), insert(2)].map(rejection);
      expect(await Promise.all(together)).toEqual([busy, busy]);
      expect([count(), open.database.isTransaction]).toEqual([0, false]);
      isBusy = false;
      await insert(3);
      expect(count()).toBe(1);
    },
  );

  it('checks before each transaction, and rejects the changes if the check fails', async () => {
    const replaced = new Error('the file was replaced');
    let checks = 0;
    writes = new GroupCommit(open.database, fail, () => {
      if (++checks === 2) throw replaced;
    });
    await Promise.all([insert(1), insert(2)]);
    expect(await rejection(insert(3))).toBe(replaced);
    await insert(4);
    expect([checks, count()]).toEqual([3, 3]);
  });

  it('flushed without changes: executes nothing, then or later', async () => {
    const executed: string[] = [];
    const database = {
      exec(sql: string) {
        executed.push(sql);
        open.database.exec(sql);
      },
    } as DatabaseSync;
    writes = new GroupCommit(database, fail);
    writes.flush();
    expect(executed).toEqual([]);
    const write = insert(1);
    writes.flush();
    await write;
    await new Promise(setImmediate);
    expect(executed).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
  });

  it('flushed: commits immediately', async () => {
    const write = insert(1);
    writes.flush();
    expect(count()).toBe(1);
    await write;
  });
});

describe('SQLite store › while another process writes to its file', () => {
  let directory: TempDirectory;
  beforeEach(() => {
    directory = tempDirectory();
  });
  afterEach(() => directory[Symbol.dispose]());

  it('starts are UNAVAILABLE, reads continue, and the end of work is recorded as soon as possible', async () => {
    const path = join(directory.path, 'operations.db');
    await using server = await startReportsServer({ store: sqliteStore(path) });
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await expectKitError(server.overGrpc.exportReport(), Code.UNAVAILABLE, {
      reason: 'STORE_UNAVAILABLE',
      message: /locked.*try again later/,
    });
    run.succeed({ uri: 'kept' });
    await server.manual.whenArmed(1);
    expect(await server.overGrpc.operations.getOperation({ name })).toMatchObject({ done: false });
    expect(server.logged.map(({ message }) => message)).toContain('store is not available: trying again');
    other.close();
    const waiting = server.overGrpc.operations.waitOperation({ name });
    await server.manual.advance(100);
    expect(await waiting).toMatchObject({ done: true, result: { $case: 'response' } });
  });
});
