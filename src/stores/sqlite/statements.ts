import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { RecentlyUsed } from '../../recently-used.js';

/** Preparing takes longer than reading a page does; filters make many statements, of which few are used much. */
const KEPT_STATEMENTS = 100;

/** Statements that are put together as they are needed, and prepared once as long as they are needed again. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new RecentlyUsed<string, StatementSync>(KEPT_STATEMENTS);

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** The rows that a statement finds, each as the values of its columns: rows as objects take twice as long to read. */
  rows(sql: string, values: readonly SQLInputValue[]): SQLOutputValue[][] {
    const statement = this.#prepared.get(sql, () => prepare(this.#database, sql));
    const rows = statement.all(...values) as unknown as SQLOutputValue[][] | Record<string, SQLOutputValue>[];
    return isArrays(rows) ? rows : rows.map((row) => Object.values(row));
  }
}

function isArrays(rows: readonly object[]): rows is SQLOutputValue[][] {
  return Array.isArray(rows[0]);
}

function prepare(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  // Node 22 has it from 22.16 on.
  if ('setReturnArrays' in statement) statement.setReturnArrays(true);
  return statement;
}
