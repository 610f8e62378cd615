import { describe, expect, it } from '@jest/globals';
import { Code, StatusError } from '../../../src/core/status.js';
import { importPeer } from '../../../src/stores/postgres/database.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
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
    const absent = () => import('no-such-package' as string);
    await expect(importPeer('no-such-package', absent)).rejects.toMatchObject({
      code: Code.FAILED_PRECONDITION,
      message: expect.stringContaining('npm install pg pg-boss'),
    });
    await expect(importPeer('pg', absent)).rejects.not.toBeInstanceOf(StatusError);
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
