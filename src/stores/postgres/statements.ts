import { CHANGING_COLUMNS, COLUMNS, type OperationRow } from '../sql/operation-row.js';
import { countByStateSql } from '../sql/unfinished-count.js';

/** Column types, for rows passed as one array per column. */
const TYPES: Readonly<Record<keyof OperationRow, string>> = {
  name: 'text',
  parent: 'text',
  method: 'text',
  request: 'bytea',
  request_id: 'text',
  cancellable: 'boolean',
  version: 'integer',
  attempt: 'integer',
  create_time: 'bigint',
  traceparent: 'text',
  tracestate: 'text',
  cancel_request_time: 'bigint',
  end_time: 'bigint',
  delete_time: 'bigint',
  expire_time: 'bigint',
  metadata_type: 'text',
  metadata_value: 'bytea',
  response_type: 'text',
  response_value: 'bytea',
  error_code: 'integer',
  error: 'bytea',
};

/** Statements on the operations table, one per method of the store. */
export type Statements = ReturnType<typeof statements>;

/**
 * Builds the statements for one schema. Those that change operations also notify: `pg_notify` delivers when the
 * transaction commits.
 *
 * @param schema - schema of the operations, as a validated and quoted identifier
 * @param jobsSchema - schema of the jobs, likewise
 */
export function statements(schema: string, jobsSchema: string) {
  const table = `${schema}.operations`;
  const job = `${jobsSchema}.job`;
  const columns = COLUMNS.join(', ');
  const changes = CHANGING_COLUMNS.map((column) => `${column} = locked.${column}`).join(', ');
  return {
    /** Values: channel, prefix of a notice of work, all columns. Returns the new records, in that order. */
    create: `
      WITH created AS (
        INSERT INTO ${table} (${columns}) SELECT ${columns} FROM unnest(${arrays(COLUMNS, 3)}) AS given (${columns})
        ON CONFLICT DO NOTHING RETURNING name, method
      )
      SELECT name, pg_notify($1, $2 || method) FROM created`,
    get: `SELECT ${columns} FROM ${table} WHERE name = $1`,
    getMany: `SELECT ${columns} FROM ${table} WHERE name = ANY($1)`,
    /** Compares hashes, to use the index, and then the ids themselves. */
    findByRequestId: `
      SELECT ${columns} FROM ${table}
      WHERE method = $1 AND parent = $2 AND ${hashOf('request_id')} = ${hashOf('$3')} AND request_id = $3`,
    /**
     * Values: channel, prefix of a notice of change, expected versions, names, changing columns. Returns the records
     * that have the expected version, with `written`: false if another transaction has locked or changed the record.
     */
    compareAndSet: `
      WITH given AS (
        SELECT * FROM unnest($3::integer[], ${arrays(['name', ...CHANGING_COLUMNS], 4)})
          AS given (expected, name, ${CHANGING_COLUMNS.join(', ')})
      ), locked AS (
        SELECT kept.sequence, given.*
        FROM given JOIN ${table} AS kept ON kept.name = given.name AND kept.version = given.expected
        FOR UPDATE OF kept SKIP LOCKED
      ), changed AS (
        UPDATE ${table} AS kept SET ${changes} FROM locked WHERE kept.sequence = locked.sequence RETURNING kept.name
      )
      SELECT kept.name, changed.name IS NOT NULL AS written,
        CASE WHEN changed.name IS NOT NULL THEN pg_notify($1, $2 || changed.name) END
      FROM given JOIN ${table} AS kept ON kept.name = given.name AND kept.version = given.expected
        LEFT JOIN changed ON changed.name = kept.name`,
    /** Values: name, channel, notice. Returns the record, with `written`: false if another transaction has locked it. */
    delete: `
      WITH gone AS (
        DELETE FROM ${table} WHERE sequence = ANY(ARRAY(
          SELECT sequence FROM ${table} WHERE name = $1 FOR UPDATE SKIP LOCKED
        ))
        RETURNING name
      )
      SELECT gone.name IS NOT NULL AS written, CASE WHEN gone.name IS NOT NULL THEN pg_notify($2, $3) END
      FROM ${table} AS kept LEFT JOIN gone ON gone.name = kept.name WHERE kept.name = $1`,
    /** Values: time, limit, channel, prefix of a notice of change. Skips records that another server is deleting. */
    deleteExpired: `
      WITH gone AS (
        DELETE FROM ${table} WHERE sequence = ANY(ARRAY(
          SELECT sequence FROM ${table} WHERE expire_time <= $1 ORDER BY expire_time LIMIT $2 FOR UPDATE SKIP LOCKED
        ))
        RETURNING name
      )
      SELECT name, pg_notify($3, $4 || name) FROM gone`,
    /** Values: channel, notices. */
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
    /** Changes nothing. Fails if the user may not write, or nobody may: on a standby or in a read-only database. */
    checkPrivileges: `
      WITH inserted AS (INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${table} WHERE false),
        updated AS (UPDATE ${table} SET version = version WHERE false),
        deleted AS (DELETE FROM ${table} WHERE false),
        job_inserted AS (INSERT INTO ${job} SELECT * FROM ${job} WHERE false),
        job_updated AS (UPDATE ${job} SET id = id WHERE false),
        job_deleted AS (DELETE FROM ${job} WHERE false)
      SELECT`,
    /** Values: an unused name, bytes. To be rolled back. */
    tryWrite: `
      INSERT INTO ${table} (name, parent, method, request, cancellable, version, attempt, create_time, end_time)
      VALUES ($1, '', '', $2, false, 1, 0, 0, 0)`,
    /** Values: key. */
    readSetting: `SELECT value FROM ${schema}.settings WHERE key = $1`,
    /** Values: limit. */
    countUnfinished: countByStateSql(`
      SELECT method, attempt, cancel_request_time FROM ${table}
      WHERE end_time IS NULL ORDER BY method, sequence LIMIT $1`),
    /**
     * Values: method, sequence to start after, limit. Compares rows; otherwise the planner may walk the primary key,
     * through the operations of all other methods.
     */
    unfinished: `
      SELECT sequence, name FROM ${table}
      WHERE end_time IS NULL AND method <= $1 AND (method, sequence) > ($1, $2::bigint)
      ORDER BY method, sequence LIMIT $3`,
  };
}

/** Expression indexed by `operations_by_request_hash`, for a column or a parameter. */
function hashOf(text: string): string {
  return `sha256(decode(replace(${text}, E'\\\\', E'\\\\\\\\'), 'escape'))`;
}

/** Array parameters, one for each column, numbered from `first`. */
function arrays(columns: readonly (keyof OperationRow)[], first: number): string {
  return columns.map((column, index) => `$${first + index}::${TYPES[column]}[]`).join(', ');
}
