import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperationStore } from '../../src/stores/contract/operation-store.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';

/** Temporary directory, removed when disposed of. */
export interface TempDirectory extends Disposable {
  readonly path: string;
}

export function tempDirectory(): TempDirectory {
  const path = mkdtempSync(join(tmpdir(), 'longrunning-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** SQLite store in a temporary file. */
export function sqliteInTempDirectory(): OperationStore {
  const directory = tempDirectory();
  const store = sqliteStore(join(directory.path, 'operations.db'));
  const close = store.close.bind(store);
  store.close = async () => {
    await close();
    directory[Symbol.dispose]();
  };
  return store;
}
