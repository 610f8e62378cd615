import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { matchesParent } from '../../core/name.js';
import type {
  ListPage,
  ListQuery,
  OperationRecord,
  RequestKey,
  UnfinishedCount,
  UnfinishedState,
} from '../contract/operation-store.js';
import { nameTaken } from '../contract/store-error.js';
import {
  CHANGING_COLUMNS,
  COLUMNS,
  type OperationRow,
  recordOf,
  rowOf,
  valuesOf,
} from '../sql/operation-row.js';
import { readPage } from '../sql/read-page.js';
import { countByStateSql } from '../sql/unfinished-count.js';
import { Scan, Statements } from './scan.js';

const INSERT = `
  INSERT INTO operations (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})
  ON CONFLICT (name) DO NOTHING`;

const SELECT = 'SELECT * FROM operations WHERE name = ?';

const SELECT_BY_REQUEST = `
  SELECT * FROM operations WHERE method = ? AND parent = ? AND request_id = ?`;

const UPDATE = `
  UPDATE operations SET ${CHANGING_COLUMNS.map((column) => `${column} = ?`).join(', ')}
  WHERE name = ? AND version = ?`;

const DELETE = 'DELETE FROM operations WHERE name = ?';

const DELETE_EXPIRED = `
  DELETE FROM operations WHERE sequence IN (
    SELECT sequence FROM operations WHERE expire_time <= ? ORDER BY expire_time LIMIT ?)
  RETURNING name`;

const SELECT_UNFINISHED = `
  SELECT name, method FROM operations INDEXED BY operations_unfinished
  WHERE end_time IS NULL AND method IN (SELECT value FROM json_each(?)) ORDER BY sequence`;

const SELECT_UNFINISHED_METHODS = `
  SELECT DISTINCT method FROM operations INDEXED BY operations_unfinished WHERE end_time IS NULL`;

const COUNT_UNFINISHED = countByStateSql(`
  SELECT method, attempt, cancel_request_time FROM operations INDEXED BY operations_unfinished
  WHERE end_time IS NULL ORDER BY sequence LIMIT ?`);

const SELECT_SETTING = 'SELECT value FROM settings WHERE key = ?';

/** Operations table, with one prepared statement per operation of the store. */
export class OperationsTable {
  readonly #database: DatabaseSync;
  readonly #listing: Statements;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #selectByRequest: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteExpired: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.function('matches_parent', { deterministic: true }, (pattern, parent) =>
      matchesParent(String(pattern), String(parent)) ? 1 : 0,
    );
    this.#listing = new Statements(database);
    this.#insert = database.prepare(INSERT);
    this.#select = database.prepare(SELECT);
    this.#selectByRequest = database.prepare(SELECT_BY_REQUEST);
    this.#update = database.prepare(UPDATE);
    this.#delete = database.prepare(DELETE);
    this.#deleteExpired = database.prepare(DELETE_EXPIRED);
  }

  /**
   * Inserts a record.
   *
   * @returns the stored record: an earlier one with the same request id, or the given one.
   * @throws StatusError ALREADY_EXISTS if the name is taken.
   */
  insert(record: OperationRecord): OperationRecord {
    const { method, parent, requestId } = record;
    const earlier = requestId === undefined ? undefined : this.byRequest({ method, parent, requestId });
    if (earlier) return earlier;
    const { changes } = this.#insert.run(...valuesOf(rowOf(record), COLUMNS));
    if (changes === 1) return record;
    throw nameTaken(record.name);
  }

  byName(name: string): OperationRecord | undefined {
    return record(this.#select.get(name));
  }

  byRequest({ method, parent, requestId }: RequestKey): OperationRecord | undefined {
    return record(this.#selectByRequest.get(method, parent, requestId));
  }

  /** Replaces a record. Returns true if one of that name and version existed. */
  replace(record: OperationRecord, expectedVersion: number): boolean {
    const values: SQLInputValue[] = valuesOf(rowOf(record), CHANGING_COLUMNS);
    return this.#update.run(...values, record.name, expectedVersion).changes === 1;
  }

  /** Deletes a record. Returns true if it existed. */
  delete(name: string): boolean {
    return this.#delete.run(name).changes === 1;
  }

  /** Deletes expired records. Returns their names. */
  deleteExpired(now: number, limit: number): string[] {
    return this.#deleteExpired.all(now, limit).map(({ name }) => String(name));
  }

  list(query: ListQuery): Promise<ListPage> {
    return readPage(query, new Scan(this.#listing, query));
  }

  setting(key: string): string | undefined {
    const { value } = this.#database.prepare(SELECT_SETTING).get(key) ?? {};
    return value === undefined ? undefined : String(value);
  }

  /** Unfinished operations of `methods`, oldest first. */
  unfinished(methods: ReadonlySet<string>): { readonly name: string; readonly method: string }[] {
    const rows = this.#database.prepare(SELECT_UNFINISHED).all(JSON.stringify([...methods]));
    return rows.map(({ name, method }) => ({ name: String(name), method: String(method) }));
  }

  unfinishedMethods(): string[] {
    return this.#database
      .prepare(SELECT_UNFINISHED_METHODS)
      .all()
      .map(({ method }) => String(method));
  }

  countUnfinished(limit: number): UnfinishedCount[] {
    return this.#database
      .prepare(COUNT_UNFINISHED)
      .all(limit)
      .map(({ method, state, count }) => ({
        method: String(method),
        state: state as UnfinishedState,
        count: Number(count),
      }));
  }
}

function record(row: object | undefined): OperationRecord | undefined {
  return row && recordOf(row as OperationRow);
}
