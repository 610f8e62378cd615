import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { storeConformance } from 'longrunning/conformance';
import { leasedStore, type OperationStore } from 'longrunning/store';
import { JournalRecords } from '../../examples/journal-store.js';
import { queuedRecord } from '../../src/conformance/records.js';
import { PARENT } from '../../src/conformance/reports-server.js';

describe('custom store of the documentation', () => {
  let folder: string;
  let count = 0;
  const files = new WeakMap<OperationStore, string>();
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const open = (file: string) => {
    const store = leasedStore(new JournalRecords(file), { pollMs: 50 });
    files.set(store, file);
    return store;
  };
  const cases = storeConformance({
    open: () => open(join(folder, `${++count}.journal`)),
    reopen: (earlier) => open(files.get(earlier) ?? ''),
  });
  for (const { name, run } of cases) it(name, run);

  it('discards the change being written when its process died, and continues', async () => {
    const file = join(folder, 'torn.journal');
    const first = new JournalRecords(file);
    await first.create(queuedRecord('1'));
    await first.create(queuedRecord('2'));
    truncateSync(file, statSync(file).size - 5);
    const second = new JournalRecords(file);
    await second.create(queuedRecord('3'));
    const third = new JournalRecords(file);
    const { records } = await third.list({ parent: PARENT, now: 0, limit: 10 });
    expect(records.map(({ name }) => name)).toEqual(['3', '1'].map((id) => queuedRecord(id).name));
  });
});
