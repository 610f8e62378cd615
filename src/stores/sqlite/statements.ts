import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { RecentlyUsed } from '../../core/recently-used.js';

/** Preparing takes longer than reading a page does; filters make many statements, of which few are used much. */
const KEPT_STATEMENTS = 100;

/** Statements that are put together as they are needed, and prepared once as long as they are needed again. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new RecentlyUsed<string, StatementSync>(KEPT_STATEMENTS);

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * The rows that a statement finds, each as the values of its columns: rows as objects take twice as long to read. A row
   * is read when it is asked for. Consume them within one turn of the event loop, or stop: until then the statement is open.
   */
  *rows(sql: string, values: readonly SQLInputValue[]): Generator<SQLOutputValue[], void> {
    const statement = this.#prepared.get(sql, () => prepare(this.#database, sql));
    for (const row of statement.iterate(...values)) yield Array.isArray(row) ? row : Object.values(row);
  }
}

function prepare(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  // Node 22 has it from 22.16 on.
  if ('setReturnArrays' in statement) statement.setReturnArrays(true);
  return statement;
}
