import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { ListQuery, OperationStore } from '../../src/stores/contract/operation-store.js';
import { listedSize } from '../../src/stores/contract/page-builder.js';
import { postgresStore } from '../../src/stores/postgres/index.js';
import { Statements } from '../../src/stores/sqlite/scan.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { createDatabase } from '../helpers/postgres-database.js';
import { sqliteInTempDirectory } from '../helpers/sqlite-file.js';
import { ended, recordOf } from './stores.js';

const COUNT = 60;
const RECORD_BYTES = 200_000;
const MAX_BYTES = 1_000_000;

const value = Buffer.alloc(RECORD_BYTES, 0xa5);
const metadata = { typeUrl: 't', value };

async function fill(store: OperationStore): Promise<void> {
  for (let id = 0; id < COUNT; id++) {
    await store.create(recordOf(id, { ...ended(Number.POSITIVE_INFINITY), metadata }));
  }
}

/**
 * Queries, and the maximum number of records that a store may read for the first page of each. With a filter it reads
 * a whole chunk.
 */
const QUERIES: readonly (readonly [string, Partial<ListQuery>, number])[] = [
  ['without a filter', {}, 5],
  ['that has room for one record', { maxBytes: 1 }, 0],
  ['with a filter that matches every other record', { matches: ({ createTime }) => createTime % 2 > 0 }, 14],
  ['with a filter that only the oldest matches', { matches: ({ createTime }) => createTime === 0 }, COUNT],
];

/** Reads a page. Resolves to the bytes of contents read from the database. */
type ReadBytes = (query: ListQuery) => Promise<number>;

function rowBytes(row: object): number {
  const contents = Object.values(row).filter((column) => column instanceof Uint8Array);
  return contents.reduce((bytes, { length }) => bytes + length, 0);
}

describe('the bytes read for a page', () => {
  const opened = closeAfterEach();
  const closing = (store: OperationStore) => {
    opened({ [Symbol.asyncDispose]: () => store.close() });
    return store;
  };

  const openSqlite = async (): Promise<ReadBytes> => {
    const store = closing(sqliteInTempDirectory());
    await fill(store);
    return async (query) => {
      const { rows } = Statements.prototype;
      let bytes = 0;
      Statements.prototype.rows = function* (...args) {
        for (const row of rows.apply(this, args)) {
          bytes += rowBytes(row);
          yield row;
        }
      };
      try {
        await store.list(query);
      } finally {
        Statements.prototype.rows = rows;
      }
      return bytes;
    };
  };

  const openPostgres = async (): Promise<ReadBytes> => {
    const { url: connectionString } = opened(await createDatabase());
    const pool = new pg.Pool({ connectionString, max: 3 });
    opened({ [Symbol.asyncDispose]: () => pool.end() });
    const query = pool.query.bind(pool);
    let bytes = 0;
    const counting = Object.assign(pool, {
      async query(text: string, values?: unknown[]) {
        const result = await query(text, values);
        for (const row of [result].flat().flatMap(({ rows }) => rows)) bytes += rowBytes(row);
        return result;
      },
    });
    const store = closing(postgresStore({ pool: counting as pg.Pool }));
    await fill(store);
    return async (asked) => {
      bytes = 0;
      await store.list(asked);
      return bytes;
    };
  };

  it.each([
    ['SQLite', openSqlite],
    ['PostgreSQL', openPostgres],
  ])('%s: not more than the page needs, and at most one record beyond it', async (_name, open) => {
    const readBytes = await open();
    for (const [title, asked, most] of QUERIES) {
      const bytes = await readBytes({ parent: 'a', limit: 1000, maxBytes: MAX_BYTES, now: 0, ...asked });
      const records = Math.floor(bytes / RECORD_BYTES);
      expect({ title, records, within: records <= most + 1 }).toEqual({ title, records, within: true });
    }
  });

  it('listedSize is at least the encoded size of an operation, and little more', () => {
    const record = recordOf(1, { metadata });
    expect(listedSize(record) - RECORD_BYTES).toBeLessThan(100);
  });
});
