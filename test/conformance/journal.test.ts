import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { storeConformance } from 'longrunning/testing';
import { JournalStore } from '../../examples/journal-store.js';

describe('custom store of the documents', () => {
  let folder: string;
  let files = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const cases = storeConformance({
    open: () => new JournalStore(join(folder, `${++files}.journal`)),
    reopen: (earlier) => new JournalStore((earlier as JournalStore).file),
  });
  for (const { name, run } of cases) it(name, run);
});
