import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ConformanceCase, storeConformance } from 'longrunning/conformance';
import { leasedStore, type OperationStore, type RecordStore } from 'longrunning/store';
import { JournalRecords } from '../../../examples/journal-store.js';
import { eventually } from '../../../src/conformance/eventually.js';
import { startReportsServer } from '../../../src/conformance/reports-server.js';
import { systemClock } from '../../../src/core/clock.js';
import { type TempDirectory, tempDirectory } from '../../helpers/sqlite-file.js';

const FAST = { leaseMs: 400, pollMs: 20 };
const resumes = { exportReport: { onInterrupted: 'resume' }, clock: systemClock, onAbort: 'ignore' } as const;

let directory: TempDirectory;
let count = 0;
beforeAll(() => {
  directory = tempDirectory();
});
afterAll(() => directory[Symbol.dispose]());

/** Records that several stores share, as servers share a database. */
function sharedRecords(): RecordStore {
  return new JournalRecords(`${directory.path}/${++count}.journal`);
}

describe('leased store', () => {
  const shared = new WeakMap<OperationStore, RecordStore>();
  const open = (records: RecordStore) => {
    const store = leasedStore(records, FAST);
    shared.set(store, records);
    return store;
  };
  const isAboutRecovery = ({ name }: ConformanceCase) => name.startsWith('recovery › ');
  const cases = storeConformance({
    open: () => open(sharedRecords()),
    // The leases of the dead server are still there, and must lapse.
    reopen: (earlier) => open(shared.get(earlier) as RecordStore),
  });
  for (const { name, run } of cases.filter(isAboutRecovery)) it.concurrent(name, run);

  it('gives each operation to one of two servers, and each server answers for all', async () => {
    const records = sharedRecords();
    const run = async () => ({});
    const start = () =>
      startReportsServer({ store: leasedStore(records, FAST), clock: systemClock, exportReport: { run } });
    await using first = await start();
    await using second = await start();
    for (let each = 0; each < 20; each++) {
      const { name } = await first.inProcess.exportReport();
      const ended = await second.inProcess.operations.waitOperation({ name });
      expect(ended).toMatchObject({ done: true, result: { $case: 'response' } });
      expect((await records.get(name))?.attempt).toBe(1);
    }
  });

  it('keeps the work of a living server however long it takes', async () => {
    const records = sharedRecords();
    const start = () => startReportsServer({ store: leasedStore(records, FAST), ...resumes });
    await using first = await start();
    const { name } = await first.inProcess.exportReport();
    const { context, succeed } = await first.exports.on(name);
    await using second = await start();
    await new Promise((resolve) => setTimeout(resolve, 3 * FAST.leaseMs));
    expect([second.exports.begun, context.signal.aborted]).toEqual([[], false]);
    succeed();
    expect(await second.inProcess.operations.waitOperation({ name })).toMatchObject({ done: true });
  });

  it('takes over the work of a server whose lease has ended, which then learns that', async () => {
    const records = sharedRecords();
    let isStalled = false;
    // The first server cannot renew its lease, as if its process had been suspended.
    const stalling = new Proxy(records, {
      get: (target, key) => {
        if (key === 'lease' && isStalled) return async () => false;
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await using first = await startReportsServer({ store: leasedStore(stalling, FAST), ...resumes });
    const { name } = await first.inProcess.exportReport();
    const before = await first.exports.on(name);
    isStalled = true;
    await using second = await startReportsServer({ store: leasedStore(records, FAST), ...resumes });
    const after = await second.exports.on(name);
    expect(after.context.attempt).toBe(2);
    await eventually(() => before.context.signal.aborted);
    expect(before.context.stopReason).toBe('superseded');
    before.succeed({ uri: 'of the first' });
    after.succeed({ uri: 'of the second' });
    expect(await first.inProcess.operations.waitOperation({ name })).toMatchObject({ done: true });
  });

  it.each([{ leaseMs: 0 }, { leaseMs: Number.NaN }, { pollMs: -1 }, { pollMs: Number.POSITIVE_INFINITY }])(
    '%p is refused',
    (options) => {
      expect(() => leasedStore(sharedRecords(), options)).toThrow(/^option (leaseMs|pollMs) is .*: give/);
    },
  );
});
