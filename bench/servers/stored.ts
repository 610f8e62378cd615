import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Server } from '@grpc/grpc-js';
import type { Operation } from 'longrunning';
import type { ListOperationsResponse } from 'longrunning/generated/google/longrunning/operations';
import { createOperations, type OperationStore, OperationsService } from 'longrunning/server';
import { sqliteStore } from 'longrunning/sqlite';
import { answerParent } from '../harness/parent-link.ts';
import { listen } from './serve.ts';
import { storedOperation, storedParent } from './stored-operation.ts';

/** A store in a process of its own. */
export type StoredRequests = {
  /** Opens a store and fills it with `count` operations that are done. */
  fill(input: Filling): Promise<void>;
  /** Serves the store over gRPC; tells where, and the names of so many operations, picked at random. */
  serve(names: number): Promise<{ readonly address: string; readonly names: readonly string[] }>;
  /** Stores so many more, that are not done. */
  begin(count: number): Promise<void>;
  /** Reads the first page of those that are not done so many times; tells the milliseconds. */
  unfinished(input: { readonly by: 'filter' | 'hand'; readonly times: number }): Promise<number>;
  /** Reads one page so many times, with such a share of all operations above it, from 0 to 1; tells the milliseconds. */
  page(input: { readonly depth: number; readonly times: number }): Promise<number>;
};

/** What is filled with how many. */
export interface Filling {
  readonly count: number;
  /** A file of SQLite, or a PostgreSQL. */
  readonly store: 'sqlite' | { readonly url: string };
}

const PAGE = { parent: storedParent, now: 0, limit: 50 };
const AT_ONCE = 5000;

/** What a page of `done = false` asks of the database, as one writes it who knows the table. */
const BY_HAND = `
  SELECT sequence, name, metadata_type, metadata_value FROM operations INDEXED BY operations_unfinished
  WHERE end_time IS NULL AND parent = ? AND delete_time IS NULL AND (expire_time IS NULL OR expire_time > ?)
  ORDER BY sequence DESC LIMIT ?`;

let store: OperationStore;
let path: string;
let stored = 0;

answerParent({
  async fill({ count, store: kind }) {
    store = kind === 'sqlite' ? openSqlite() : await openPostgres(kind.url);
    await store.ready();
    for (; stored < count; stored += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, count - stored) }, (_, id) => stored + id);
      await Promise.all(batch.map((id) => store.create(storedOperation(id))));
    }
    stored = count;
    if (kind !== 'sqlite') await tidy(kind.url);
  },
  async serve(count) {
    const server = new Server();
    server.addService(OperationsService, createOperations({ store, methods: [] }).handlers);
    const pick = () => storedOperation(Math.floor(Math.random() * stored)).name;
    return { address: await listen(server), names: Array.from({ length: count }, pick) };
  },
  async begin(count) {
    for (let left = count; left > 0; left--) {
      const { result, endTime, expireTime, ...running } = storedOperation(stored++);
      await store.create(running);
    }
  },
  async unfinished({ by, times }) {
    const { api: service } = createOperations({ store });
    const request = { name: storedParent, filter: 'done = false', pageSize: PAGE.limit };
    const database = new DatabaseSync(path, { readOnly: true });
    const readByHand = byHand(database.prepare(BY_HAND));
    try {
      return await timed(async () => {
        for (let left = times; left > 0; left--) {
          const page = by === 'hand' ? readByHand() : await service.listOperations(request);
          const { operations, nextPageToken } = page;
          if (operations.length !== PAGE.limit || nextPageToken === '')
            throw new Error(`the page has ${operations.length} operations, the next is ${nextPageToken}`);
        }
      });
    } finally {
      database.close();
    }
  },
  page({ depth, times }) {
    // Sequences count from 1, newest first, and a page begins below the one that it is after.
    const below = Math.max(PAGE.limit, Math.round(stored * (1 - depth)));
    const query = depth === 0 ? PAGE : { ...PAGE, after: String(below + 1) };
    return timed(async () => {
      for (let left = times; left > 0; left--) {
        const { records } = await store.list(query);
        if (records.length !== PAGE.limit) throw new Error(`the page has ${records.length} operations`);
      }
    });
  },
} satisfies StoredRequests);

/** Reads the page by a statement prepared once, as messages, with the place where the next page begins. */
function byHand(
  statement: StatementSync,
): () => Pick<ListOperationsResponse, 'operations' | 'nextPageToken'> {
  return () => {
    const rows = statement.all(storedParent, Date.now(), PAGE.limit + 1);
    const listed = rows.slice(0, PAGE.limit);
    const operations = listed.map(
      (row): Operation => ({
        name: String(row.name),
        metadata: {
          typeUrl: String(row.metadata_type),
          value: Buffer.from(row.metadata_value as Uint8Array),
        },
        done: false,
        result: undefined,
      }),
    );
    return { operations, nextPageToken: rows.length > PAGE.limit ? String(listed.at(-1)?.sequence) : '' };
  };
}

function openSqlite(): OperationStore {
  const directory = mkdtempSync(join(tmpdir(), 'longrunning-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true }));
  path = join(directory, 'operations.db');
  return sqliteStore(path, { synchronous: 'normal' });
}

async function openPostgres(url: string): Promise<OperationStore> {
  const { postgresStore } = await import('longrunning/postgres');
  return postgresStore({ connectionString: url });
}

/** Now, and not in the middle of what is measured. */
async function tidy(url: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('VACUUM ANALYZE longrunning.operations');
  await client.end();
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
