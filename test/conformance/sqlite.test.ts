import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { storeConformance } from '../../src/conformance/index.js';
import type { OperationStore } from '../../src/stores/contract/operation-store.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { type TempDirectory, tempDirectory } from '../helpers/sqlite-file.js';

describe('SQLite store', () => {
  const files = new WeakMap<OperationStore, string>();
  let directory: TempDirectory;
  let count = 0;
  beforeAll(() => {
    directory = tempDirectory();
  });
  afterAll(() => directory[Symbol.dispose]());

  const openFile = (file: string) => {
    const store = sqliteStore(file);
    files.set(store, file);
    return store;
  };
  const cases = storeConformance({
    open: () => openFile(join(directory.path, `${++count}.db`)),
    // Only one process can use the file, so the dead server releases it, as the operating system would ensure.
    async reopen(earlier) {
      await earlier.close();
      return openFile(files.get(earlier) ?? '');
    },
  });
  for (const { name, run } of cases) it(name, run);
});
