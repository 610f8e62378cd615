import { randomBytes, randomUUID } from 'node:crypto';
import { CHANGING_COLUMNS, COLUMNS, type OperationRow } from '../sql/operation-row.js';
import type { RowWrite, WriteResult } from './batches.js';
import { isOutOfResources } from './database-error.js';
import { LOCK_TIMEOUT_MS, LOCKED } from './locked-rows.js';
import type { Session } from './session.js';

/** Row that replaces the one of the same name. */
export interface RowChange extends RowWrite {
  /** Version that the existing row must have. */
  readonly expectedVersion: number;
}

/**
 * Adds the rows that are new, and jobs for those that are unfinished, in one transaction.
 *
 * @param notice - prefix of a notice of work.
 * @returns for each row, whether it was new.
 */
export async function createRows(
  { database, jobs, sql, channel }: Session,
  notice: string,
  writes: readonly RowWrite[],
): Promise<readonly boolean[]> {
  const rows = writes.map(({ row }) => row);
  const ordered = inOrderOfLocks(rows);
  const created = await database.transaction({ lock_timeout: LOCK_TIMEOUT_MS }, async (queries) => {
    const { rows: found } = await queries.query(sql.create, [
      channel,
      notice,
      ...columnsOf(ordered, COLUMNS),
    ]);
    const names = new Set<string>(found.map(({ name }) => name));
    const toDo = ordered.filter(({ name, end_time }) => names.has(name) && end_time === null);
    for (const [method, some] of Map.groupBy(toDo, (row) => row.method)) {
      await jobs.add(
        queries,
        method,
        some.map(({ name }) => name),
      );
    }
    return names;
  });
  return rows.map(({ name }) => created.has(name));
}

/**
 * Changes the rows whose version is still the expected one.
 *
 * @param notice - prefix of a notice of change.
 * @returns for each row, whether it was, or `LOCKED` if another transaction has locked it.
 */
export async function changeRows(
  { database, sql, channel }: Session,
  notice: string,
  changes: readonly RowChange[],
): Promise<readonly WriteResult[]> {
  const rows = changes.map(({ row }) => row);
  const versions = changes.map(({ expectedVersion }) => expectedVersion);
  const { rows: found } = await database.query(sql.compareAndSet, [
    channel,
    notice,
    versions,
    ...columnsOf(rows, ['name', ...CHANGING_COLUMNS]),
  ]);
  const results = new Map<string, WriteResult>(
    found.map(({ name, written }) => [name, written === true ? true : LOCKED]),
  );
  return rows.map(({ name }) => results.get(name) ?? false);
}

/** Sorts rows by request id, those without one first. Otherwise servers that add the same request ids could deadlock. */
function inOrderOfLocks(rows: readonly OperationRow[]): readonly OperationRow[] {
  const key = ({ method, parent, request_id }: OperationRow) =>
    request_id === null ? '' : JSON.stringify([method, parent, request_id]);
  return rows
    .map((row) => ({ row, key: key(row) }))
    .sort((a, b) => Number(a.key > b.key) - Number(a.key < b.key))
    .map(({ row }) => row);
}

/** Transposes rows to one array per column. */
function columnsOf(rows: readonly OperationRow[], columns: readonly (keyof OperationRow)[]): unknown[] {
  return columns.map((column) => rows.map((row) => row[column]));
}

/** Size of the row written by a trial, larger than the free space of any page. */
const TRIAL_BYTES = 64 * 1024;

const ROLL_BACK = new Error('the trial is over');

/** Checks whether operations can be written. */
export class Writability {
  /** True if a write ran out of resources and no trial has succeeded since. */
  #isOutOfResources = false;

  /** Performs a write, and records if it ran out of resources. */
  async observe<Result>(write: () => Promise<Result>): Promise<Result> {
    try {
      return await write();
    } catch (error) {
      if (isOutOfResources(error)) this.#isOutOfResources = true;
      throw error;
    }
  }

  /**
   * Rejects if operations cannot be written: the database is unavailable or read-only, or the user may not write. A
   * full disk shows only when a table has to grow. So after a write that ran out of space, each check writes a row
   * and rolls it back.
   */
  async check({ database, sql }: Session): Promise<void> {
    await database.query(sql.checkPrivileges);
    if (!this.#isOutOfResources) return;
    await database
      .transaction({ lock_timeout: LOCK_TIMEOUT_MS }, async (queries) => {
        await queries.query(sql.tryWrite, [randomUUID(), randomBytes(TRIAL_BYTES)]);
        throw ROLL_BACK;
      })
      .catch((error: unknown) => {
        if (error !== ROLL_BACK) throw error;
      });
    this.#isOutOfResources = false;
  }
}
