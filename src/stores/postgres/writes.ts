import { CHANGING_COLUMNS, COLUMNS, type OperationRow } from '../sql/operation-row.js';
import type { RowWrite, WriteResult } from './batches.js';
import { LOCK_TIMEOUT_MS, LOCKED } from './locked-rows.js';
import type { Session } from './session.js';

/** A row that takes the place of the one of its name. */
export interface RowChange extends RowWrite {
  /** What that one's version must be. */
  readonly expectedVersion: number;
}

/**
 * Adds the rows that are new, and jobs for those whose work is not done, in one transaction.
 *
 * @param notice - how a notice of work begins.
 * @returns of each row whether it was new.
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
 * @param notice - how a notice of change begins.
 * @returns of each row whether it was, or that another transaction has locked it.
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

/**
 * The order in which rows are added: those with request ids last, and sorted. Servers that add the same ones would otherwise
 * wait for each other.
 */
function inOrderOfLocks(rows: readonly OperationRow[]): readonly OperationRow[] {
  const key = ({ method, parent, request_id }: OperationRow) =>
    request_id === null ? '' : JSON.stringify([method, parent, request_id]);
  return rows
    .map((row) => ({ row, key: key(row) }))
    .sort((a, b) => Number(a.key > b.key) - Number(a.key < b.key))
    .map(({ row }) => row);
}

/** The values of many rows as arrays, one for each column. */
function columnsOf(rows: readonly OperationRow[], columns: readonly (keyof OperationRow)[]): unknown[] {
  return columns.map((column) => rows.map((row) => row[column]));
}
