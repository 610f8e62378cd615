import { describe } from '@jest/globals';
import { ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import { unpack } from '../../src/any.js';
import { memoryStore } from '../../src/stores/memory.js';
import type { OperationStore } from '../../src/stores/operation-store.js';
import { postgresStoreForTest } from '../helpers/postgres-database.js';
import {
  type ReportsAccess,
  type ReportsServer,
  type ReportsServerOptions,
  startReportsServer,
} from '../helpers/reports-server.js';
import { sqliteInTempDirectory } from '../helpers/sqlite-file.js';

/** The stores that every line of the table runs over. A new store is one line here. */
const STORES: Readonly<Record<string, () => OperationStore | Promise<OperationStore>>> = {
  memory: memoryStore,
  SQLite: sqliteInTempDirectory,
  PostgreSQL: () => postgresStoreForTest(),
};

/** The ways to reach a server that every line of the table runs over. */
const TRANSPORTS = {
  'in process': (server: ReportsServer) => server.inProcess,
  'gRPC socket': (server: ReportsServer) => server.overGrpc,
} as const;

/** A server, reached in the way that the table is at. */
export interface Subject extends ReportsServer, ReportsAccess {}

export interface SubjectOptions extends Omit<ReportsServerOptions, 'store'> {
  /** Puts something around the store that the table is at. */
  readonly around?: (store: OperationStore) => OperationStore;
}

/** Starts the server of one test; the test disposes of it. */
export type Open = (options?: SubjectOptions) => Promise<Subject>;

/** Runs `lines` over every store and every transport, so that they cannot drift apart. */
export function onEveryServer(title: string, lines: (open: Open) => void): void {
  for (const [storeName, makeStore] of Object.entries(STORES)) {
    for (const [transport, access] of Object.entries(TRANSPORTS)) {
      describe(`${title} › ${storeName} store, ${transport}`, () => {
        lines(async ({ around = (store: OperationStore) => store, ...options }: SubjectOptions = {}) => {
          const server = await startReportsServer({ ...options, store: around(await makeStore()) });
          return { ...server, ...access(server) };
        });
      });
    }
  }
}

/** The metadata that an operation of the example service carries. */
export function metadataOf(operation: Operation): ReportMetadata {
  if (!operation.metadata) throw new Error(`operation ${operation.name} has no metadata`);
  return unpack(ReportMetadata, operation.metadata);
}
