import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { storeConformance } from 'longrunning/conformance';
import { JournalStore } from '../../examples/journal-store.js';
import { queuedRecord } from '../../src/conformance/records.js';
import { PARENT } from '../../src/conformance/reports-server.js';

describe('custom store of the documentation', () => {
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

  it('discards the change being written when its process died, and continues', async () => {
    const file = join(folder, 'torn.journal');
    const first = new JournalStore(file);
    await first.create(queuedRecord('1'));
    await first.create(queuedRecord('2'));
    truncateSync(file, statSync(file).size - 5);
    const second = new JournalStore(file);
    await second.create(queuedRecord('3'));
    const third = new JournalStore(file);
    const { records } = await third.list({ parent: PARENT, now: 0, limit: 10 });
    expect(records.map(({ name }) => name)).toEqual(['3', '1'].map((id) => queuedRecord(id).name));
  });
});
