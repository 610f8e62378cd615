import { Code, kitError, quoted } from '../../status.js';
import { MIGRATIONS } from '../migrations/postgres/index.js';
import type { PostgresQueries } from './connection.js';
import type { Database } from './database.js';

/**
 * Brings a schema to the version of this code, whoever else is doing the same: one does it, the others wait.
 *
 * @param schema - validated: it is part of the statements.
 * @throws StatusError FAILED_PRECONDITION when the schema is newer than the code.
 */
export async function migrate(database: Database, schema: string): Promise<void> {
  if ((await versionOf(database, schema)) === MIGRATIONS.length) return;
  await database.transaction(async (queries) => {
    // Released by the end of the transaction, and so good through a pooler of connections too.
    await queries.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `longrunning migrations ${schema}`,
    ]);
    const version = await versionOf(queries, schema);
    if (version > MIGRATIONS.length) throw tooNew(schema, version);
    if (version === 0) {
      await queries.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
      await queries.query(`CREATE TABLE ${schema}.migrations (version INTEGER PRIMARY KEY)`);
    }
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < version) continue;
      await queries.query(migration(schema));
      await queries.query(`INSERT INTO ${schema}.migrations (version) VALUES ($1)`, [index + 1]);
    }
  });
}

/** How many of the migrations a schema has had. 0: there is no such schema yet. */
async function versionOf(queries: PostgresQueries, schema: string): Promise<number> {
  const table = `${schema}.migrations`;
  const { rows: found } = await queries.query('SELECT to_regclass($1) AS found', [table]);
  if (found[0].found === null) return 0;
  const { rows } = await queries.query(`SELECT max(version) AS version FROM ${table}`);
  return rows[0].version;
}

function tooNew(schema: string, version: number): Error {
  const message =
    `schema ${quoted(schema)} has version ${version}, and this version of longrunning knows ` +
    `${MIGRATIONS.length}: update longrunning, or name another schema`;
  return kitError(Code.FAILED_PRECONDITION, 'SCHEMA_TOO_NEW', message, {
    metadata: { schema, version: String(version), known: String(MIGRATIONS.length) },
  });
}
