import { describe, expect, it } from '@jest/globals';
import { PARENT, startReportsServer } from '../../src/conformance/reports-server.js';
import { manualClock } from '../../src/testing/index.js';
import { STORES } from '../stores/stores.js';

describe.each(STORES)('a clock that returns fractions of milliseconds, over $name', ({ open }) => {
  it('starts, ends, filters by time and expires operations', async () => {
    const manual = manualClock();
    const clock = {
      now: () => manual.now() + 0.123456789,
      setTimer: manual.setTimer.bind(manual),
    };
    await using server = await startReportsServer({
      store: await open(),
      clock,
      manual,
      retentionMs: 60_000,
    });
    const { name } = await server.inProcess.exportReport({ parent: PARENT });
    (await server.exports.on(name)).succeed({ uri: 'x' });
    await server.overGrpc.operations.waitOperation({ name });
    const hour = (offsetMs: number) => new Date(manual.now() + offsetMs).toISOString();
    const list = async (filter: string) => {
      const { operations } = await server.overGrpc.operations.listOperations({ name: PARENT, filter });
      return operations.length;
    };
    expect(await list('')).toBe(1);
    for (const field of ['create_time', 'end_time', 'metadata.create_time', 'metadata.end_time']) {
      expect([field, await list(`${field} > "${hour(-3_600_000)}"`)]).toEqual([field, 1]);
      expect([field, await list(`${field} > "${hour(3_600_000)}"`)]).toEqual([field, 0]);
    }
    await manual.advance(120_000);
    expect(await list('create_time > "2000-01-01T00:00:00Z"')).toBe(0);
  });
});
