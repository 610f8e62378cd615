import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperationStore } from '../../src/stores/contract/operation-store.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';

/** A directory of its own, gone with all that is in it when it is disposed of. */
export interface TempDirectory extends Disposable {
  readonly path: string;
}

export function tempDirectory(): TempDirectory {
  const path = mkdtempSync(join(tmpdir(), 'longrunning-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A SQLite store in a file of its own, which goes with it. */
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
