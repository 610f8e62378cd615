import { describe, expect, it } from '@jest/globals';
import { Code } from '../../../src/core/status.js';
import type { PostgresPool } from '../../../src/stores/postgres/connection.js';
import { peerError } from '../../../src/stores/postgres/database.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { recentPgBoss } from '../../../src/stores/postgres/jobs.js';
import { settingsFrom } from '../../../src/stores/postgres/options.js';
import { createDatabase } from '../../helpers/postgres-database.js';
import { recordOf } from '../stores.js';

describe('postgresStore', () => {
  it('opened concurrently by many on an empty database: all can use it', async () => {
    await using database = await createDatabase();
    const stores = Array.from({ length: 5 }, () =>
      postgresStore({ connectionString: database.url, poolSize: 3 }),
    );
    try {
      await Promise.all(stores.map((store) => store.ready()));
      await Promise.all(stores.map((store, index) => store.create(recordOf(index))));
      const { rows } = await database.query('SELECT count(*)::int AS count FROM longrunning.operations');
      expect(rows).toEqual([{ count: 5 }]);
    } finally {
      for (const store of stores) await store.close();
    }
  });

  it('a schema newer than the code: FAILED_PRECONDITION that names both versions', async () => {
    await using database = await createDatabase();
    const first = postgresStore({ connectionString: database.url });
    await first.ready();
    await first.close();
    await database.query('INSERT INTO longrunning.migrations VALUES (99)');
    await database.query("UPDATE longrunning.settings SET value = '99' WHERE key = 'oldest_version'");
    const second = postgresStore({ connectionString: database.url });
    await expect(second.ready()).rejects.toMatchObject({
      code: Code.FAILED_PRECONDITION,
      message: expect.stringMatching(/"longrunning" has version 99, .* knows \d+: update longrunning/),
    });
    await expect(second.get('operations/1')).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION });
    await second.close();
  });

  it('no database there: UNAVAILABLE', async () => {
    const store = postgresStore({ connectionString: 'postgres://user:password@127.0.0.1:1/none' });
    await expect(store.ready()).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    await expect(store.get('operations/1')).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    await store.close();
    await expect(store.get('operations/1')).rejects.toMatchObject({
      code: Code.UNAVAILABLE,
      message: expect.stringContaining('closed'),
    });
  });

  it('a package that is not installed: an error with the command that installs it', async () => {
    const absent = await import('no-such-package' as string).catch((error) => error);
    expect(peerError('no-such-package', absent)).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      message: expect.stringContaining('npm install pg pg-boss'),
    });
    expect(peerError('pg', absent)).toBe(absent);
  });

  it('refuses a pg-boss without heartbeats, which an application may have for its own jobs', () => {
    class OldPgBoss {}
    for (const module of [{}, { PgBoss: OldPgBoss as never }]) {
      expect(() => recentPgBoss(module)).toThrow('pg-boss is older than 12.38');
    }
  });

  it.each([
    [{}, /either a connectionString or a pool/],
    [{ connectionString: 'postgres://h/d', schema: 'Robert"; DROP' }, /option schema/],
    [{ connectionString: 'postgres://h/d', schema: 'a'.repeat(41) }, /option schema/],
    [{ connectionString: 'postgres://h/d', leaseMs: 0 }, /option leaseMs is 0/],
    [{ connectionString: 'postgres://h/d', poolSize: 1 }, /option poolSize is 1/],
  ])('options %o: a TypeError that says what is wrong', (options, message) => {
    expect(() => postgresStore(options)).toThrow(TypeError);
    expect(() => postgresStore(options)).toThrow(message);
  });
});

describe('the settings of postgresStore', () => {
  const url = { connectionString: 'postgres://h/d' };

  it('have the documented defaults, for options that are undefined too', () => {
    const defaults = {
      poolSize: 10,
      queryTimeoutMs: 10_000,
      schema: 'longrunning',
      leaseMs: 15_000,
      workPollMs: 5000,
      watchPollMs: 30_000,
      reconcileMs: 60_000,
    };
    expect(settingsFrom(url)).toMatchObject(defaults);
    const unset = Object.fromEntries(Object.keys(defaults).map((option) => [option, undefined]));
    expect(settingsFrom({ ...url, ...unset })).toMatchObject(defaults);
    expect(settingsFrom({ ...url, leaseMs: 1, poolSize: 2 })).toMatchObject({ leaseMs: 1, poolSize: 2 });
  });

  it.each(['queryTimeoutMs', 'leaseMs', 'workPollMs', 'watchPollMs', 'reconcileMs', 'poolSize'])(
    'refuse a %s below the least: 1, or 2 connections',
    (option) => {
      const least = option === 'poolSize' ? 2 : 1;
      expect(settingsFrom({ ...url, [option]: least })).toMatchObject({ [option]: least });
      for (const value of [least - 1, -1, Number.NaN]) {
        const message = `option ${option} is ${value}: it must be ${least} or more`;
        expect(() => settingsFrom({ ...url, [option]: value })).toThrow(message);
      }
    },
  );

  it.each(['a', '_', 'a1', 'a'.repeat(40)])('accept the schema %s', (schema) => {
    expect(settingsFrom({ ...url, schema }).schema).toBe(schema);
  });

  it.each(['', '1a', 'A', 'a-b', 'a"', 'a'.repeat(41)])('refuse the schema %j', (schema) => {
    expect(() => settingsFrom({ ...url, schema })).toThrow(/option schema is .*: use lowercase letters/);
  });

  it('refuse a pool of one connection, and accept two, or a number that is unknown', () => {
    const poolOf = (max: number | undefined) => ({ options: { max } }) as PostgresPool;
    expect(() => settingsFrom({ pool: poolOf(1) })).toThrow('pool allows 1 connection: allow at least 2');
    for (const pool of [poolOf(2), poolOf(undefined), {} as PostgresPool]) {
      expect(settingsFrom({ pool }).pool).toBe(pool);
    }
    expect(() => settingsFrom({ ...url, pool: poolOf(2) })).toThrow(/either a connectionString or a pool/);
  });
});

describe('text that PostgreSQL cannot store', () => {
  it('is never found, and is rejected where it would be stored', async () => {
    await using database = await createDatabase();
    const store = postgresStore({ connectionString: database.url });
    expect(await store.get('operations/\0')).toBeUndefined();
    expect(await store.findByRequestId({ method: '/s/m', parent: 'a', requestId: '\0' })).toBeUndefined();
    await expect(store.create(recordOf(1, { requestId: 'a\0b' }))).rejects.toMatchObject({
      code: Code.INVALID_ARGUMENT,
    });
    await store.close();
  });
});
