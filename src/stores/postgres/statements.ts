import { CHANGING_COLUMNS, COLUMNS } from '../operation-row.js';

/** The statements of the operations table, one per verb of the store. */
export type Statements = ReturnType<typeof statements>;

/**
 * The statements for one schema. Those that change something also tell of it: `pg_notify` is delivered if and when
 * the change is committed.
 *
 * @param schema - as an identifier, validated and quoted.
 */
export function statements(schema: string) {
  const table = `${schema}.operations`;
  const columns = COLUMNS.join(', ');
  const all = COLUMNS.map((_, index) => `$${index + 1}`).join(', ');
  const changes = CHANGING_COLUMNS.map((column, index) => `${column} = $${index + 5}`).join(', ');
  return {
    /** Values: all columns, the channel, the notice. A row for a record that is new. */
    create: `
      WITH created AS (
        INSERT INTO ${table} (${columns}) VALUES (${all}) ON CONFLICT DO NOTHING RETURNING sequence
      )
      SELECT pg_notify($${COLUMNS.length + 1}, $${COLUMNS.length + 2}) FROM created`,
    get: `SELECT ${columns} FROM ${table} WHERE name = $1`,
    getMany: `SELECT ${columns} FROM ${table} WHERE name = ANY($1)`,
    find: `SELECT ${columns} FROM ${table} WHERE method = $1 AND parent = $2 AND request_id = $3`,
    /** Values: the name, the expected version, the channel, the notice, the changing columns. */
    compareAndSet: `
      WITH changed AS (UPDATE ${table} SET ${changes} WHERE name = $1 AND version = $2 RETURNING name)
      SELECT pg_notify($3, $4) FROM changed`,
    /** Values: the name, the channel, the notice. */
    delete: `
      WITH gone AS (DELETE FROM ${table} WHERE name = $1 RETURNING name)
      SELECT pg_notify($2, $3) FROM gone`,
    /** Values: now, the limit. What another server is deleting is left to it. */
    deleteExpired: `
      DELETE FROM ${table} WHERE sequence IN (
        SELECT sequence FROM ${table} WHERE expire_time <= $1 ORDER BY expire_time LIMIT $2 FOR UPDATE SKIP LOCKED
      )
      RETURNING name`,
    /** Values: the channel, the notices. */
    notify: 'SELECT pg_notify($1, notice) FROM unnest($2::text[]) AS notice',
    /** Finds each method by one step through the index, however many operations it has. */
    unfinishedMethods: `
      WITH RECURSIVE found AS (
        (SELECT method FROM ${table} WHERE end_time IS NULL ORDER BY method LIMIT 1)
        UNION ALL
        SELECT (
          SELECT method FROM ${table} WHERE end_time IS NULL AND method > found.method ORDER BY method LIMIT 1
        )
        FROM found WHERE found.method IS NOT NULL
      )
      SELECT method FROM found WHERE method IS NOT NULL`,
    /** Values: the method, after which sequence, how many. */
    unfinished: `
      SELECT sequence, name FROM ${table}
      WHERE end_time IS NULL AND method = $1 AND sequence > $2 ORDER BY sequence LIMIT $3`,
  };
}
