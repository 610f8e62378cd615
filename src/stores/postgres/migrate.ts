import { Code, kitError, quoted } from '../../core/status.js';
import { MIGRATIONS, OLDEST_VERSION } from '../migrations/postgres/index.js';
import { isCompatible, newSecret, SETTING } from '../sql/shared-settings.js';
import type { PostgresQueries } from './connection.js';

/**
 * Longest wait of a migration for a table lock. Other users of the table queue behind the migration, so a long
 * foreign transaction fails the migration instead of blocking running servers.
 */
const LOCK_TIMEOUT_MS = 5000;

/**
 * Migrates a schema to the version of this code. A schema migrated by newer code is used unchanged if that code
 * allows it. A server of the previous version can then restart during an upgrade, and upgrades can be rolled back.
 *
 * @param queries - transaction that holds the {@link lockMigrations lock}.
 * @throws StatusError FAILED_PRECONDITION if the schema is newer than this code can use.
 */
export async function migrate(queries: PostgresQueries, schema: string): Promise<void> {
  const version = await versionOf(queries, schema);
  if (version > MIGRATIONS.length) {
    if (isCompatible(MIGRATIONS.length, await oldestVersionOf(queries, schema))) return;
    throw tooNew(schema, version);
  }
  if (version === MIGRATIONS.length) return;
  const name = `"${schema}"`;
  await queries.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  if (version === 0) {
    if (!(await schemaExists(queries, schema))) await queries.query(`CREATE SCHEMA ${name}`);
    await queries.query(`CREATE TABLE ${name}.migrations (version INTEGER PRIMARY KEY)`);
  }
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    await queries.query(migration(name));
    await queries.query(`INSERT INTO ${name}.migrations (version) VALUES ($1)`, [index + 1]);
  }
  await queries.query(
    `INSERT INTO ${name}.settings (key, value) VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    [SETTING.oldestVersion, String(OLDEST_VERSION)],
  );
  await queries.query(`INSERT INTO ${name}.settings (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
    SETTING.secret,
    newSecret(),
  ]);
}

/**
 * Waits until no other server migrates the schema, and blocks others until the transaction ends. Unlike a session
 * lock, a transaction lock also works through a connection pooler.
 */
export async function lockMigrations(queries: PostgresQueries, schema: string): Promise<void> {
  const lock = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))';
  await queries.query(lock, [`longrunning migrations ${schema}`]);
}

/** Returns true if a schema exists. CREATE SCHEMA IF NOT EXISTS would need the CREATE privilege even if it does. */
export async function schemaExists(queries: PostgresQueries, schema: string): Promise<boolean> {
  const { rows } = await queries.query('SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
  return rows.length > 0;
}

/** Number of migrations applied to a schema; 0 if the schema does not exist. */
async function versionOf(queries: PostgresQueries, schema: string): Promise<number> {
  // Not `to_regclass`: it may use the snapshot of the transaction's start, and another server may have migrated
  // since.
  const { rows: found } = await queries.query(
    "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'migrations'",
    [schema],
  );
  if (found.length === 0) return 0;
  const { rows } = await queries.query(`SELECT max(version) AS version FROM "${schema}".migrations`);
  return rows[0].version;
}

async function oldestVersionOf(queries: PostgresQueries, schema: string): Promise<string | undefined> {
  const { rows } = await queries.query(`SELECT value FROM "${schema}".settings WHERE key = $1`, [
    SETTING.oldestVersion,
  ]);
  return rows[0]?.value;
}

function tooNew(schema: string, version: number): Error {
  const message =
    `schema ${quoted(schema)} has version ${version}, and this version of longrunning knows ` +
    `${MIGRATIONS.length}: update longrunning, or name another schema`;
  return kitError(Code.FAILED_PRECONDITION, 'SCHEMA_TOO_NEW', message, {
    metadata: { schema, version: String(version), known: String(MIGRATIONS.length) },
  });
}
