import { CHANGING_COLUMNS, COLUMNS, type OperationRow } from '../sql/operation-row.js';
import { countByStateSql } from '../sql/unfinished-count.js';

/** The types of the columns, for many rows to be given as an array per column. */
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

/** The statements of the operations table, one per verb of the store. */
export type Statements = ReturnType<typeof statements>;

/**
 * The statements for one schema. Those that change something also tell of it: `pg_notify` is delivered if and when
 * the change is committed.
 *
 * @param schema - the schema of operations, as an identifier, validated and quoted; `jobsSchema` that of the jobs
 */
export function statements(schema: string, jobsSchema: string) {
  const table = `${schema}.operations`;
  const job = `${jobsSchema}.job`;
  const columns = COLUMNS.join(', ');
  const changes = CHANGING_COLUMNS.map((column) => `${column} = locked.${column}`).join(', ');
  return {
    /** Values: the channel, how a notice of work begins, all columns. Rows for the records that are new, in that order. */
    create: `
      WITH created AS (
        INSERT INTO ${table} (${columns}) SELECT ${columns} FROM unnest(${arrays(COLUMNS, 3)}) AS given (${columns})
        ON CONFLICT DO NOTHING RETURNING name, method
      )
      SELECT name, pg_notify($1, $2 || method) FROM created`,
    get: `SELECT ${columns} FROM ${table} WHERE name = $1`,
    getMany: `SELECT ${columns} FROM ${table} WHERE name = ANY($1)`,
    /** Compares hashes to use the index, and then the ids themselves. */
    find: `
      SELECT ${columns} FROM ${table}
      WHERE method = $1 AND parent = $2 AND ${hashOf('request_id')} = ${hashOf('$3')} AND request_id = $3`,
    /**
     * Values: the channel, how a notice of change begins, the expected versions, the names, the changing columns. Rows for the
     * records that have the expected version, with `written`: false if another transaction has locked or changed the record.
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
    /** Values: the name, the channel, the notice. A row for the record, with `written`: false if another transaction has locked it. */
    delete: `
      WITH gone AS (
        DELETE FROM ${table} WHERE sequence = ANY(ARRAY(
          SELECT sequence FROM ${table} WHERE name = $1 FOR UPDATE SKIP LOCKED
        ))
        RETURNING name
      )
      SELECT gone.name IS NOT NULL AS written, CASE WHEN gone.name IS NOT NULL THEN pg_notify($2, $3) END
      FROM ${table} AS kept LEFT JOIN gone ON gone.name = kept.name WHERE kept.name = $1`,
    /** Values: now, the limit, the channel, how a notice of change begins. What another server is deleting is left to it. */
    deleteExpired: `
      WITH gone AS (
        DELETE FROM ${table} WHERE sequence = ANY(ARRAY(
          SELECT sequence FROM ${table} WHERE expire_time <= $1 ORDER BY expire_time LIMIT $2 FOR UPDATE SKIP LOCKED
        ))
        RETURNING name
      )
      SELECT name, pg_notify($3, $4 || name) FROM gone`,
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
    /** Changes nothing. Fails where the user may not write, and where nobody may: on a standby, in a read-only database. */
    checkPrivileges: `
      WITH inserted AS (INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${table} WHERE false),
        updated AS (UPDATE ${table} SET version = version WHERE false),
        deleted AS (DELETE FROM ${table} WHERE false),
        job_inserted AS (INSERT INTO ${job} SELECT * FROM ${job} WHERE false),
        job_updated AS (UPDATE ${job} SET id = id WHERE false),
        job_deleted AS (DELETE FROM ${job} WHERE false)
      SELECT`,
    /** Values: a name that nobody has, bytes. To be rolled back. */
    tryWrite: `
      INSERT INTO ${table} (name, parent, method, request, cancellable, version, attempt, create_time, end_time)
      VALUES ($1, '', '', $2, false, 1, 0, 0, 0)`,
    /** Values: the key. */
    readSetting: `SELECT value FROM ${schema}.settings WHERE key = $1`,
    /** Values: the limit. */
    countUnfinished: countByStateSql(`
      SELECT method, attempt, cancel_request_time FROM ${table}
      WHERE end_time IS NULL ORDER BY method, sequence LIMIT $1`),
    /**
     * Values: the method, after which sequence, how many. Compares rows: else the planner may walk the primary key, through
     * the operations of all other methods.
     */
    unfinished: `
      SELECT sequence, name FROM ${table}
      WHERE end_time IS NULL AND method <= $1 AND (method, sequence) > ($1, $2::bigint)
      ORDER BY method, sequence LIMIT $3`,
  };
}

/** The expression of `operations_by_request_hash`, of a column or a parameter. */
function hashOf(text: string): string {
  return `sha256(decode(replace(${text}, E'\\\\', E'\\\\\\\\'), 'escape'))`;
}

/** Parameters of so many arrays, one for each of the columns. */
function arrays(columns: readonly (keyof OperationRow)[], first: number): string {
  return columns.map((column, index) => `$${first + index}::${TYPES[column]}[]`).join(', ');
}
