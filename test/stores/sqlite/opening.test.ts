import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { expectKitError } from '../../../src/conformance/kit-error.js';
import { Code } from '../../../src/core/status.js';
import { createOperations } from '../../../src/server/index.js';
import type { OperationStore } from '../../../src/stores/contract/operation-store.js';
import { type SqliteStoreOptions, sqliteStore } from '../../../src/stores/sqlite/index.js';
import { manualClock } from '../../../src/testing/clock/manual-clock.js';
import { type TempDirectory, tempDirectory } from '../../helpers/sqlite-file.js';
import { recordOf } from '../stores.js';

let directory: TempDirectory;
const closing: (() => unknown)[] = [];
const file = (name = 'operations.db') => join(directory.path, name);
const NAME = recordOf(1).name;

beforeEach(() => {
  directory = tempDirectory();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  directory[Symbol.dispose]();
});

function open(path: string, options?: SqliteStoreOptions) {
  const store = sqliteStore(path, options);
  closing.push(() => store.close());
  return store;
}

function expectRefused(path: string, message: RegExp): Promise<unknown> {
  return expectKitError(open(path).ready(), Code.FAILED_PRECONDITION, { message });
}

/** Runs `test` as a user other than root, because file permissions do not apply to root. */
async function asOrdinaryUser(test: () => Promise<unknown>): Promise<void> {
  const NOBODY = 65_534;
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    await test();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

/** Locks a file in another process, with the lock that a store uses. */
async function holdInAnotherProcess(path: string) {
  const script = `
    const { DatabaseSync } = require('node:sqlite');
    const lock = new DatabaseSync(process.argv[1] + '.lock');
    lock.exec('BEGIN IMMEDIATE');
    const database = new DatabaseSync(process.argv[1]);
    database.exec('INSERT INTO opened_by VALUES (' + process.pid + ')');
    setInterval(() => {}, 1000);
    console.log('held');`;
  const child = spawn(process.execPath, ['--no-warnings', '-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closing.push(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

describe('SQLite store › opened', () => {
  it.each(['full', 'normal'] as const)('again, synchronous %s: finds what was kept', async (synchronous) => {
    const first = open(file(), { synchronous });
    await first.create(recordOf(1));
    await first.close();
    expect(await open(file(), { synchronous }).get(NAME)).toMatchObject({ name: NAME });
  });

  it('closed: all data is in one file, which can be copied', async () => {
    const store = open(file());
    await store.create(recordOf(1));
    await store.close();
    expect(existsSync(file('operations.db-wal'))).toBe(false);
    using database = new DatabaseSync(file(), { readOnly: true }) as DatabaseSync & Disposable;
    expect(database.prepare('SELECT name FROM operations').all()).toEqual([{ name: NAME }]);
  });

  it('can be read by others meanwhile, for backups', async () => {
    const store = open(file());
    await store.create(recordOf(1));
    using database = new DatabaseSync(file(), { readOnly: true }) as DatabaseSync & Disposable;
    database.exec(`VACUUM INTO '${file('backup.db')}'`);
    await store.create(recordOf(2));
    const backup = open(file('backup.db'));
    expect(await backup.get(NAME)).toMatchObject({ name: NAME });
    expect(await backup.get(recordOf(2).name)).toBeUndefined();
  });

  it('an empty path: TypeError', () => {
    expect(() => sqliteStore('')).toThrow(TypeError);
  });

  it('calls after close: UNAVAILABLE; closing twice is harmless', async () => {
    const store = open(file());
    const pending = store.create(recordOf(1));
    await store.close();
    await expect(pending).resolves.toMatchObject({ name: NAME });
    await store.close();
    await expectKitError(store.get(NAME), Code.UNAVAILABLE, { message: /closed/ });
    await expectKitError(store.create(recordOf(2)), Code.UNAVAILABLE, { message: /closed/ });
    await expectKitError(store.ready(), Code.UNAVAILABLE, { message: /closed/ });
  });
});

describe('SQLite store › a file in use', () => {
  it('by another store of this process: rejected, also through a link; available once that is closed', async () => {
    const first = open(file());
    await first.ready();
    symlinkSync(file(), file('link.db'));
    await expectRefused(file(), /operations\.db" is already in use by this process: use a single store/);
    await expectRefused(file('link.db'), /link\.db" is already in use by this process/);
    await first.close();
    await open(file('link.db')).ready();
  });

  it('by another process: rejected with its pid; available once that is killed', async () => {
    const earlier = open(file());
    await earlier.create(recordOf(1));
    await earlier.close();
    const child = await holdInAnotherProcess(file());
    const inUse = new RegExp(`in use by process ${child.pid}: end that process first`);
    await expectRefused(file(), inUse);
    const refused = open(file());
    await expectKitError(refused.get(NAME), Code.FAILED_PRECONDITION, { message: inUse });
    await expectKitError(refused.create(recordOf(2)), Code.FAILED_PRECONDITION, { message: inUse });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await open(file()).get(NAME)).toMatchObject({ name: NAME });
  });

  it('by a program that is writing to it: opened, because that is temporary', async () => {
    await open(file()).close();
    using writer = new DatabaseSync(file()) as DatabaseSync & Disposable;
    writer.exec('BEGIN IMMEDIATE');
    const store = open(file());
    await store.ready();
    await expectKitError(store.create(recordOf(1)), Code.UNAVAILABLE, { message: /database is locked/ });
    writer.exec('ROLLBACK');
    await store.create(recordOf(1));
  });

  it('in memory: no other store can have it', async () => {
    const [first, second] = [open(':memory:'), open(':memory:')];
    await first.create(recordOf(1));
    expect(await second.get(NAME)).toBeUndefined();
  });
});

describe('SQLite store › a file that cannot be used', () => {
  it('in a directory that does not exist: the error names the directory to create', async () => {
    await expectRefused(join(directory.path, 'none', 'o.db'), /does not exist: create ".*none" first/);
  });

  it('is a directory: cannot be opened', async () => {
    await expectRefused(directory.path, /cannot be opened/);
  });

  it('is not a database, and stays unchanged', async () => {
    writeFileSync(file(), 'these are notes, and long enough to be taken for the head of a file'.repeat(10));
    await expectRefused(file(), /is not a SQLite database: name another file/);
    expect(readFileSync(file(), 'utf8')).toMatch(/^these are notes/);
  });

  it('is the database of another program, and stays unchanged', async () => {
    const database = new DatabaseSync(file());
    database.exec('CREATE TABLE notes (text)');
    database.close();
    await expectRefused(file(), /contains data other than operations/);
  });

  it('is damaged: the error says to restore it', async () => {
    await open(file()).close();
    const pages = readFileSync(file());
    writeFileSync(file(), pages.fill(0xff, 4096));
    await expectRefused(file(), /is damaged: restore it from a backup/);
  });

  it('is damaged where no statement at start reads: found by the check, unless that is off', async () => {
    const store = open(file());
    for (let id = 0; id < 100; id++) await store.create(recordOf(id, { request: new Uint8Array(10_000) }));
    await store.close();
    const pages = readFileSync(file());
    writeFileSync(file(), pages.fill(0xff, pages.length - 4096));
    for (const integrityCheck of ['quick', 'full'] as const) {
      const message = /is damaged: restore it from a backup/;
      const refused = open(file(), { integrityCheck });
      await expectKitError(refused.ready(), Code.FAILED_PRECONDITION, { message });
      await refused.close();
    }
    await open(file(), { integrityCheck: 'off' }).ready();
  });

  it('may not be written to', async () => {
    await open(file()).close();
    chmodSync(directory.path, 0o755);
    chmodSync(file(), 0o444);
    await asOrdinaryUser(() => expectRefused(file(), /are writable/));
  });

  it('was written by a newer version: the error names the known version', async () => {
    await open(file()).close();
    const database = new DatabaseSync(file());
    database.exec("PRAGMA user_version = 99; UPDATE settings SET value = '99' WHERE key = 'oldest_version'");
    database.close();
    await expectRefused(file(), /has version 99, and this code supports \d+: use the newer version/);
  });

  it('notifies a server immediately, which then runs nothing', async () => {
    const errors: unknown[] = [];
    const store = open(join(directory.path, 'none', 'o.db'));
    const options = {
      methods: new Set<string>(),
      maxRunning: 1,
      onError: (error: unknown) => errors.push(error),
    };
    store.consume(async () => 'ended', options).stop();
    expect(errors).toEqual([expect.objectContaining({ code: Code.FAILED_PRECONDITION })]);
  });
});

describe('SQLite store › a file that is deleted or replaced while it is open', () => {
  const GONE = { message: /deleted or replaced: put the original file back, or restart/ };

  /** Waits for reads to fail: they check the file a few times a second. */
  async function expectReadsRefused(store: OperationStore): Promise<void> {
    const until = performance.now() + 60_000;
    for (;;) {
      const refused = await store.get(NAME).then(
        () => false,
        () => true,
      );
      if (refused || performance.now() > until) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await expectKitError(store.get(NAME), Code.UNAVAILABLE, GONE);
  }

  it.each<[string, (path: string) => void]>([
    ['deleted', (path) => rmSync(path)],
    [
      'replaced by a copy',
      (path) => {
        copyFileSync(path, `${path}.copy`);
        renameSync(`${path}.copy`, path);
      },
    ],
    [
      'replaced by another file',
      (path) => {
        rmSync(path);
        writeFileSync(path, 'notes');
      },
    ],
    ['robbed of its write-ahead log', (path) => rmSync(`${path}-wal`)],
    ['moved away', (path) => renameSync(path, `${path}.away`)],
  ])('%s: nothing is acknowledged or read from then on', async (_what, change) => {
    const store = open(file());
    await store.create(recordOf(1));
    change(file());
    await expectKitError(store.create(recordOf(2)), Code.UNAVAILABLE, GONE);
    await expectKitError(store.checkWritable?.() ?? Promise.resolve(), Code.UNAVAILABLE, GONE);
    await expectReadsRefused(store);
  });

  it('moved back: it continues, and nothing is lost', async () => {
    const store = open(file());
    await store.create(recordOf(1));
    renameSync(file(), file('away.db'));
    await expectKitError(store.create(recordOf(2)), Code.UNAVAILABLE, GONE);
    renameSync(file('away.db'), file());
    await store.checkWritable?.();
    await store.create(recordOf(2));
    expect(await store.get(NAME)).toMatchObject({ name: NAME });
  });

  it('health is NOT_SERVING meanwhile (contract 52)', async () => {
    const clock = manualClock();
    const store = open(file());
    const operations = createOperations({ store, methods: [], clock });
    closing.push(() => operations.close({ graceMs: 0 }));
    expect(await operations.health.check()).toBe('SERVING');
    renameSync(file(), file('away.db'));
    await clock.advance(1000);
    expect(await operations.health.check()).toBe('NOT_SERVING');
    renameSync(file('away.db'), file());
    await clock.advance(1000);
    expect(await operations.health.check()).toBe('SERVING');
  });
});
