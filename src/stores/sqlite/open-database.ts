import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Code, kitError, quoted, StatusError } from '../../core/status.js';
import { OLDEST_SQLITE_VERSION, SQLITE_MIGRATIONS } from '../migrations/sqlite/index.js';
import { isCompatible, newSecret, SETTING } from '../sql/shared-settings.js';
import { FileIdentity, lockFile } from './database-file.js';
import { ResultCode, resultCode } from './sqlite-error.js';

/** Path of a database in memory. */
export const IN_MEMORY = ':memory:';

/** Durability of acknowledged changes; see `SqliteStoreOptions`. */
export type Synchronous = 'full' | 'normal';

/** Extent of the integrity check at open; see `SqliteStoreOptions`. */
export type IntegrityCheck = 'quick' | 'full' | 'off';

/** Settings of a database file. */
export interface DatabaseSettings {
  readonly synchronous: Synchronous;
  readonly integrityCheck: IntegrityCheck;
}

/** Database that only this process writes to. */
export interface OpenDatabase {
  readonly database: DatabaseSync;
  /** Undefined for a database in memory. */
  readonly file: FileIdentity | undefined;
  close(): void;
}

/** "LROP": SQLite's application_id, by which `file` and this store recognize databases of the kit. */
const APPLICATION_ID = 0x4c_52_4f_50;
/** Longest wait for another process that writes, such as a shell or a backup. It blocks the event loop. */
const BUSY_TIMEOUT_MS = 500;
/** Size to which an oversized write-ahead log is truncated. */
const WAL_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * Opens a database of operations; creates or migrates it if necessary. On a full disk it still opens if its tables
 * are up to date. It can then be read, and written as soon as there is space.
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
    // The index of the write-ahead log is then kept in memory instead of a file, which takes no disk space.
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

/**
 * Opens a file in a locking mode.
 *
 * @throws StatusError for known faults of the file; otherwise SQLite's error.
 */
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
        // Cleanup may fail, for example on a full disk. The file stays sound, and the remaining resources are closed.
      }
    }
  };
  try {
    const database = new DatabaseSync(path);
    open.push(() => database.close());
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    // The real path, so that a symbolic link cannot bypass the lock.
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
 * Records that this process has the file open, for the error message of another process that tries to open it. As the
 * smallest possible change, it also shows whether the file can be written.
 */
export function recordHolder(database: DatabaseSync): void {
  database.prepare('INSERT OR REPLACE INTO opened_by (rowid, pid) VALUES (1, ?)').run(process.pid);
}

/** Records the holder, except on a full disk or while another program writes: both conditions are temporary. */
function recordHolderIfPossible(database: DatabaseSync): void {
  try {
    recordHolder(database);
  } catch (error) {
    if (!isOutOfRoom(error) && resultCode(error) !== ResultCode.BUSY) throw error;
  }
}

/**
 * Checks for damage at open, so that no later call meets it first.
 *
 * @throws StatusError FAILED_PRECONDITION if the file is damaged.
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
    -- On macOS, fsync alone leaves data in the drive's cache.
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
      const message = `database ${quoted(path)} contains data other than operations: name another file`;
      throw refusal('STORE_UNUSABLE', message, path);
    }
  }
  if (version > newest) {
    if (isCompatible(newest, oldestVersionOf(database))) return;
    const advice = 'use the newer version of longrunning that wrote it, or restore a backup made before';
    const message = `database ${quoted(path)} has version ${version}, and this code supports ${newest}: ${advice}`;
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

/** Setting left by newer code; undefined if the file has none. */
function oldestVersionOf(database: DatabaseSync): string | undefined {
  try {
    const { value } =
      database.prepare('SELECT value FROM settings WHERE key = ?').get(SETTING.oldestVersion) ?? {};
    return value === undefined ? undefined : String(value);
  } catch {
    // The table does not exist.
    return undefined;
  }
}

function pragma(database: DatabaseSync, text: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${text}`).get() ?? {})[0];
}

/** Process that has the file open, as recorded in it; undefined if that cannot be read. */
function holderOf(database: DatabaseSync): number | undefined {
  try {
    const { pid } = database.prepare('SELECT pid FROM opened_by').get() ?? {};
    return typeof pid === 'number' ? pid : undefined;
  } catch {
    // The other process is still creating the file.
    return undefined;
  }
}

function locked(path: string, pid: number | undefined): StatusError {
  const here = pid === process.pid;
  const holder = pid === undefined ? 'another process' : here ? 'this process' : `process ${pid}`;
  const advice = here ? 'use a single store for it' : 'end that process first, or use another file';
  return kitError(
    Code.FAILED_PRECONDITION,
    'STORE_LOCKED',
    `database ${quoted(path)} is already in use by ${holder}: ${advice}`,
    { metadata: { path, ...(pid !== undefined && { pid: String(pid) }) } },
  );
}

/** Returns true if a file could not grow, because of a full disk, a quota or a file size limit. */
function isOutOfRoom(error: unknown): boolean {
  const code = resultCode(error);
  return code === ResultCode.FULL || code === ResultCode.IOERR;
}

/** Error that says why a file cannot be opened and what to do about it. */
function refusalOf(path: string, cause: unknown): StatusError {
  if (cause instanceof StatusError) return cause;
  const file = `database ${quoted(path)}`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  switch (resultCode(cause)) {
    case ResultCode.NOTADB:
      return refusal('STORE_UNUSABLE', `${file} is not a SQLite database: name another file`, path, cause);
    case ResultCode.CORRUPT:
      return refusal('STORE_UNUSABLE', `${file} is damaged: restore it from a backup`, path, cause);
    case ResultCode.FULL:
    case ResultCode.IOERR: {
      const message = `${file} cannot be opened (${reason}): check that its disk is healthy and has space`;
      return refusal('STORE_UNUSABLE', message, path, cause);
    }
    case ResultCode.READONLY:
    case ResultCode.CANTOPEN: {
      const message = existsSync(dirname(path))
        ? `${file} cannot be opened (${reason}): check that it and its directory are writable`
        : `${file} is in a directory that does not exist: create ${quoted(dirname(path))} first`;
      return refusal('STORE_UNUSABLE', message, path, cause);
    }
  }
  return refusal('STORE_UNUSABLE', `${file} cannot be opened (${reason}): fix this first`, path, cause);
}

function refusal(reason: string, message: string, path: string, cause?: unknown): StatusError {
  return kitError(Code.FAILED_PRECONDITION, reason, message, { metadata: { path }, cause });
}
