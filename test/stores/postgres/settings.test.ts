import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { PARENT, startReportsServer } from '../../../src/conformance/reports-server.js';
import { systemClock } from '../../../src/core/clock.js';
import { Code } from '../../../src/core/status.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { createDatabase, postgresUrl, queryOnce } from '../../helpers/postgres-database.js';

/** Database settings that change the meaning of statements or end transactions. */
const SETTINGS = [
  'idle_in_transaction_session_timeout=100',
  'lock_timeout=50',
  'transaction_timeout=20000',
  'backslash_quote=off',
  'escape_string_warning=off',
  'bytea_output=escape',
  'default_transaction_isolation=serializable',
  'default_transaction_isolation="repeatable read"',
  "search_path=''",
  'DateStyle="SQL, DMY"',
  'IntervalStyle=sql_standard',
  'TimeZone="Asia/Kathmandu"',
  'lc_messages="C"',
  'extra_float_digits=-15',
  'quote_all_identifiers=on',
  'transform_null_equals=on',
  'row_security=off',
  'synchronous_commit=off',
  'enable_indexscan=off',
  'plan_cache_mode=force_generic_plan',
  'check_function_bodies=off',
];

describe('a database with', () => {
  it.each(SETTINGS)('%s: operations are started, found, listed and ended', async (setting) => {
    await using database = await createDatabase();
    const [name, value] = setting.split('=');
    await database.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET ${name} = ${value}`);
    const store = postgresStore({ connectionString: database.url, workPollMs: 100, poolSize: 4 });
    await using server = await startReportsServer({ clock: systemClock, store });
    await server.kit.ready();
    const { operations, exportReport } = server.inProcess;
    const requestId = `a\\b'"%_{NULL}`;
    const operation = await exportReport({ requestId, title: 'NULL' });
    expect(await exportReport({ requestId, title: 'NULL' })).toMatchObject({ name: operation.name });
    const other = await exportReport();
    const run = await server.exports.on(operation.name);
    const waited = operations.waitOperation({ name: operation.name });
    run.succeed({ uri: 'gs://a\\b' });
    expect(await waited).toMatchObject({ done: true, result: { $case: 'response' } });
    await operations.cancelOperation({ name: other.name });
    await operations.waitOperation({ name: other.name });
    for (const [filter, names] of [
      ['', [other.name, operation.name]],
      ['error.code = 1', [other.name]],
      [`name = "*${operation.name.slice(-5)}"`, [operation.name]],
      ['name = "*\\\\\\\\_%*"', []],
      ['metadata.@type = "*Metadata" AND done = true', [other.name, operation.name]],
    ] as const) {
      const page = await operations.listOperations({ name: PARENT, filter });
      expect(page.operations.map((each) => each.name)).toEqual(names);
    }
    await operations.deleteOperation({ name: operation.name });
    expect(server.logged).toEqual([]);
  });

  it.each([
    ['array_nulls=off', /array_nulls is "off" but must be "on": .* ALTER ROLE … SET array_nulls = on/],
    [
      'standard_conforming_strings=off',
      /standard_conforming_strings is "off" but must be "on": .* ALTER ROLE … SET standard_conforming_strings = on/,
    ],
  ])('%s: FAILED_PRECONDITION that says what to change', async (setting, message) => {
    await using database = await createDatabase();
    await database.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET ${setting}`);
    await expectRefused(database.url, message);
  });

  it.each(['LATIN1', 'SQL_ASCII', 'EUC_JP'])(
    'encoding %s: FAILED_PRECONDITION that says what to change',
    async (encoding) => {
      const url = await postgresUrl();
      const name = `test_${randomUUID().replaceAll('-', '')}`;
      await queryOnce(url, `CREATE DATABASE ${name} ENCODING '${encoding}' LOCALE 'C' TEMPLATE template0`);
      try {
        const pattern = `server_encoding is "${encoding}" but must be "UTF8": .* ENCODING 'UTF8' TEMPLATE template0`;
        await expectRefused(Object.assign(new URL(url), { pathname: `/${name}` }).href, new RegExp(pattern));
      } finally {
        await queryOnce(url, `DROP DATABASE ${name} WITH (FORCE)`);
      }
    },
  );
});

async function expectRefused(connectionString: string, message: RegExp): Promise<void> {
  const store = postgresStore({ connectionString });
  const refused = { code: Code.FAILED_PRECONDITION, message: expect.stringMatching(message) };
  await expect(store.ready()).rejects.toMatchObject(refused);
  await store.close();
}
