import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Code, kitError, quoted, StatusError } from '../../core/status.js';
import { OLDEST_SQLITE_VERSION, SQLITE_MIGRATIONS } from '../migrations/sqlite/index.js';
import { isCompatible, newSecret, SETTING } from '../sql/shared-settings.js';
import { FileIdentity } from './file-identity.js';
import { lockFile } from './file-lock.js';
import { ResultCode, resultCode } from './sqlite-error.js';

/** The path of a database that is in no file. */
export const IN_MEMORY = ':memory:';

/** How much an acknowledged change outlives; see `SqliteStoreOptions`. */
export type Synchronous = 'full' | 'normal';

/** Extent of the check for damage at open; see `SqliteStoreOptions`. */
export type IntegrityCheck = 'quick' | 'full' | 'off';

/** Settings of a database file. */
export interface DatabaseSettings {
  readonly synchronous: Synchronous;
  readonly integrityCheck: IntegrityCheck;
}

/** A database that this process alone writes to. */
export interface OpenDatabase {
  readonly database: DatabaseSync;
  /** Undefined for a database in memory. */
  readonly file: FileIdentity | undefined;
  close(): void;
}

/** "LROP", by which `file` and we tell our databases from those of others (SQLite's application_id). */
const APPLICATION_ID = 0x4c_52_4f_50;
/** How long to wait for another process that writes, a shell or a backup: all else waits as long. */
const BUSY_TIMEOUT_MS = 500;
/** What the write-ahead log is cut back to once it has grown larger. */
const WAL_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * Opens a database of operations; makes it if there is none, and brings it up to date. On a full disk it is opened all
 * the same if its tables are up to date: then it can be read, and written to as soon as there is room.
 *
 * @throws StatusError FAILED_PRECONDITION that says what is wrong with the file.
 */
export function openDatabase(path: string, settings: DatabaseSettings): OpenDatabase {
  if (path === IN_MEMORY) return openMemory();
  try {
    return openFile(path, settings, 'normal');
  } catch (error) {
    if (!isOutOfRoom(error)) throw refusalOf(path, error);
  }
  try {
    // The index of the write-ahead log is then kept in memory rather than in a file, which takes no room.
    return openFile(path, settings, 'exclusive');
  } catch (error) {
    throw refusalOf(path, error);
  }
}

function openMemory(): OpenDatabase {
  const database = new DatabaseSync(IN_MEMORY);
  migrate(database, IN_MEMORY);
  return { database, file: undefined, close: () => database.close() };
}

/** @throws StatusError for what is known to be wrong with the file; otherwise the error of SQLite. */
function openFile(
  path: string,
  settings: DatabaseSettings,
  lockingMode: 'normal' | 'exclusive',
): OpenDatabase {
  const open: (() => void)[] = [];
  const close = () => {
    for (let closeOne = open.pop(); closeOne; closeOne = open.pop()) {
      try {
        closeOne();
      } catch {
        // Tidying up may fail, for example on a full disk. The file is sound without it, and the rest is closed.
      }
    }
  };
  try {
    const database = new DatabaseSync(path);
    open.push(() => database.close());
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    // The real path, so that a symbolic link does not lead around the lock.
    const realPath = realpathSync(path);
    const unlock = lockFile(realPath);
    if (!unlock) throw locked(path, holderOf(database));
    // The lock is released after the file is closed, not before.
    open.unshift(unlock);
    database.exec(`PRAGMA locking_mode = ${lockingMode}`);
    writeAhead(database, path, settings.synchronous);
    migrate(database, path);
    checkIntegrity(database, path, settings.integrityCheck);
    recordHolderIfPossible(database);
    open.push(() => database.exec('DELETE FROM opened_by; PRAGMA wal_checkpoint(TRUNCATE)'));
    return { database, file: new FileIdentity(realPath), close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Records that this process has the file open, for the message to another one that tries to open it. As the smallest
 * change there is, it also shows whether the file can be written to.
 */
export function recordHolder(database: DatabaseSync): void {
  database.prepare('INSERT OR REPLACE INTO opened_by (rowid, pid) VALUES (1, ?)').run(process.pid);
}

/** Does without the record on a full disk, or while another program writes: both pass. */
function recordHolderIfPossible(database: DatabaseSync): void {
  try {
    recordHolder(database);
  } catch (error) {
    if (!isOutOfRoom(error) && resultCode(error) !== ResultCode.BUSY) throw error;
  }
}

/**
 * Looks for damage, so that it is found at start rather than by the first call that meets it.
 *
 * @throws StatusError FAILED_PRECONDITION if there is any.
 */
function checkIntegrity(database: DatabaseSync, path: string, extent: IntegrityCheck): void {
  if (extent === 'off') return;
  const found = pragma(database, extent === 'full' ? 'integrity_check(1)' : 'quick_check(1)');
  if (found === 'ok') return;
  const message = `database ${quoted(path)} is damaged: restore it from a backup (found: ${oneLine(found)})`;
  throw refusal('STORE_UNUSABLE', message, path);
}

function oneLine(text: unknown): string {
  return String(text).replaceAll(/\s+/g, ' ');
}

function writeAhead(database: DatabaseSync, path: string, synchronous: Synchronous): void {
  const mode = pragma(database, 'journal_mode = WAL');
  if (mode !== 'wal') {
    const message = `database ${quoted(path)} is on a file system without shared memory: put it on a local disk`;
    throw refusal('STORE_UNUSABLE', message, path);
  }
  database.exec(`
    PRAGMA synchronous = ${synchronous};
    -- Where fsync alone leaves data in the cache of the drive (macOS).
    PRAGMA fullfsync = ON;
    PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES};
  `);
}

function migrate(database: DatabaseSync, path: string): void {
  const newest = SQLITE_MIGRATIONS.length;
  const version = Number(pragma(database, 'user_version'));
  if (pragma(database, 'application_id') !== APPLICATION_ID) {
    const { count } = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get() ?? {};
    if (version !== 0 || count !== 0) {
      const message = `database ${quoted(path)} holds something else than operations: name another file`;
      throw refusal('STORE_UNUSABLE', message, path);
    }
  }
  if (version > newest) {
    if (isCompatible(newest, oldestVersionOf(database))) return;
    const advice = 'use the newer version of longrunning that wrote it, or restore a backup made before';
    const message = `database ${quoted(path)} has version ${version}, and this code knows ${newest}: ${advice}`;
    throw refusal('STORE_TOO_NEW', message, path);
  }
  if (version === newest) return;
  const steps = SQLITE_MIGRATIONS.slice(version).join('\n');
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(
      `${steps};
       INSERT OR REPLACE INTO settings VALUES ('${SETTING.oldestVersion}', '${OLDEST_SQLITE_VERSION}');
       INSERT OR IGNORE INTO settings VALUES ('${SETTING.secret}', '${newSecret()}');
       PRAGMA application_id = ${APPLICATION_ID};
       PRAGMA user_version = ${newest};
       COMMIT`,
    );
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/** The setting that newer code left; undefined for a file that has none. */
function oldestVersionOf(database: DatabaseSync): string | undefined {
  try {
    const { value } =
      database.prepare('SELECT value FROM settings WHERE key = ?').get(SETTING.oldestVersion) ?? {};
    return value === undefined ? undefined : String(value);
  } catch {
    // There is no such table.
    return undefined;
  }
}

function pragma(database: DatabaseSync, text: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${text}`).get() ?? {})[0];
}

/** The process that has the file, as it says itself; undefined when that cannot be read. */
function holderOf(database: DatabaseSync): number | undefined {
  try {
    const { pid } = database.prepare('SELECT pid FROM opened_by').get() ?? {};
    return typeof pid === 'number' ? pid : undefined;
  } catch {
    // It is only just making the file.
    return undefined;
  }
}

function locked(path: string, pid: number | undefined): StatusError {
  const here = pid === process.pid;
  const holder = pid === undefined ? 'another process' : here ? 'this process' : `process ${pid}`;
  const advice = here ? 'use one store for it' : 'end that one first, or use another file';
  return kitError(
    Code.FAILED_PRECONDITION,
    'STORE_LOCKED',
    `database ${quoted(path)} is in use by ${holder} already: ${advice}`,
    { metadata: { path, ...(pid !== undefined && { pid: String(pid) }) } },
  );
}

/** Result codes of SQLite when a file cannot grow: a full disk, a quota, a limit on the size of files. */
function isOutOfRoom(error: unknown): boolean {
  const code = resultCode(error);
  return code === ResultCode.FULL || code === ResultCode.IOERR;
}

/** The reason why a file cannot be opened, with what to do about it. */
function refusalOf(path: string, cause: unknown): StatusError {
  if (cause instanceof StatusError) return cause;
  const file = `database ${quoted(path)}`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  switch (resultCode(cause)) {
    case ResultCode.NOTADB:
      return refusal('STORE_UNUSABLE', `${file} is no SQLite database: name another file`, path, cause);
    case ResultCode.CORRUPT:
      return refusal('STORE_UNUSABLE', `${file} is damaged: restore it from a backup`, path, cause);
    case ResultCode.FULL:
    case ResultCode.IOERR: {
      const message = `${file} cannot be opened (${reason}): see that its disk is sound and has room`;
      return refusal('STORE_UNUSABLE', message, path, cause);
    }
    case ResultCode.READONLY:
    case ResultCode.CANTOPEN: {
      const message = existsSync(dirname(path))
        ? `${file} cannot be opened (${reason}): see that it and its directory may be written to`
        : `${file} is in a directory that does not exist: make ${quoted(dirname(path))} first`;
      return refusal('STORE_UNUSABLE', message, path, cause);
    }
  }
  return refusal('STORE_UNUSABLE', `${file} cannot be opened (${reason}): correct that first`, path, cause);
}

function refusal(reason: string, message: string, path: string, cause?: unknown): StatusError {
  return kitError(Code.FAILED_PRECONDITION, reason, message, { metadata: { path }, cause });
}
