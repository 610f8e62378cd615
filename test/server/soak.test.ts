import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { type ReportsServer, startReportsServer } from '../../src/conformance/reports-server.js';
import { settled } from '../../src/testing/clock/manual-clock.js';

const OPERATIONS = 10_000;
const RETENTION_MS = 60_000;

/** Memory in use after garbage collection. */
async function heapInUse(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round++) {
    await settled();
    collect();
  }
  return process.memoryUsage().heapUsed;
}

/** Work that goes on until `finish` is called, whatever the number of operations. */
function workTogether() {
  const finished = Promise.withResolvers<void>();
  return {
    finish: finished.resolve,
    async run() {
      await finished.promise;
      return { uri: 'done' };
    },
  };
}

/** Runs so many operations at once, waits for each over gRPC, and lets them expire. */
async function runAtOnce(count: number, work: ReturnType<typeof workTogether>, server: ReportsServer) {
  const { operations } = server.overGrpc;
  const { exportReport } = server.inProcess;
  const names = await Promise.all(Array.from({ length: count }, async () => (await exportReport()).name));
  // Each with a time-out of its own, and so a timer: those that end at the same moment share one.
  const waits = names.map((name, index) =>
    operations.waitOperation({
      name,
      timeout: { seconds: 30 + Math.floor(index / 1000), nanos: (index % 1000) * 1_000_000 },
    }),
  );
  await server.manual.whenArmed(count);
  const peak = process.memoryUsage().heapUsed;
  work.finish();
  const ended = await Promise.all(waits);
  const succeeded = ended.filter(({ result }) => result?.$case === 'response').length;
  await server.manual.advance(RETENTION_MS * 3);
  return { peak, succeeded };
}

describe('soak', () => {
  it('10,000 operations at once, each with a wait over gRPC: all end, and memory is released', async () => {
    let work = workTogether();
    await using server = await startReportsServer({
      maxRunning: Number.POSITIVE_INFINITY,
      retentionMs: RETENTION_MS,
      exportReport: { run: () => work.run() },
    });
    // A smaller round first: what grows once, such as compiled code and buffers, is no leak.
    await runAtOnce(OPERATIONS / 10, work, server);
    const before = await heapInUse();

    work = workTogether();
    const { peak, succeeded } = await runAtOnce(OPERATIONS, work, server);
    expect(succeeded).toBe(OPERATIONS);
    expect(server.manual.armed).toBe(0);
    const after = await heapInUse();
    expect(after).toBeLessThan(before * 1.2);
    // Sharper, since the heap of a test runner is large: of what the operations took, next to nothing stays.
    expect(after - before).toBeLessThan((peak - before) * 0.2);
  }, 300_000);
});
