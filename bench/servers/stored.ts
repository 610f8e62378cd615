import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from '@grpc/grpc-js';
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
  /** Reads one page so many times; tells the milliseconds. */
  page(input: { readonly at: 'start' | 'end'; readonly times: number }): Promise<number>;
};

/** What is filled with how many. */
export interface Filling {
  readonly count: number;
  /** A file of SQLite, or a PostgreSQL. */
  readonly store: 'sqlite' | { readonly url: string };
}

const PAGE = { parent: storedParent, now: 0, limit: 50 };
const AT_ONCE = 5000;

let store: OperationStore;
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
  page({ at, times }) {
    // Sequences count from 1, and a page begins below the one that it is after.
    const query = at === 'start' ? PAGE : { ...PAGE, after: String(PAGE.limit + 1) };
    return timed(async () => {
      for (let left = times; left > 0; left--) {
        const { records } = await store.list(query);
        if (records.length !== PAGE.limit) throw new Error(`the page has ${records.length} operations`);
      }
    });
  },
} satisfies StoredRequests);

function openSqlite(): OperationStore {
  const directory = mkdtempSync(join(tmpdir(), 'longrunning-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true }));
  return sqliteStore(join(directory, 'operations.db'), { synchronous: 'normal' });
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
