import { deepEqual, equal } from 'node:assert/strict';
import { Code } from '../core/status.js';
import { aroundStore } from '../stores/contract/around-store.js';
import { eventually } from './eventually.js';
import { expectKitError } from './kit-error.js';
import { PARENT } from './reports-server.js';
import { type Open, type Subject, type Topic, testCase } from './test-case.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Retention of operations after their end. */
export const retention: Topic<Open> = {
  name: 'retention',
  cases: [
    testCase('an expired operation is NOT_FOUND to every method and is not listed', [34], async (open) => {
      const server = await open({ retentionMs: 10_000 });
      const name = await startAndEnd(server);
      await server.manual.advance(9_999);
      equal((await server.operations.getOperation({ name })).done, true);
      equal((await server.operations.listOperations({ name: PARENT })).operations.length, 1);
      await server.manual.advance(1);
      const calls = ['getOperation', 'cancelOperation', 'waitOperation', 'deleteOperation'] as const;
      for (const call of calls) await expectKitError(server.operations[call]({ name }), Code.NOT_FOUND);
      deepEqual((await server.operations.listOperations({ name: PARENT })).operations, []);
    }),

    testCase('expiry counts from completion: running operations never expire', [34], async (open) => {
      const server = await open({ retentionMs: 10_000 });
      const { name } = await server.exportReport();
      await server.manual.advance(25_000);
      (await server.exports.on(name)).succeed();
      await server.operations.waitOperation({ name });
      await server.manual.advance(9_999);
      equal((await server.operations.getOperation({ name })).done, true);
      await server.manual.advance(1);
      await expectKitError(server.operations.getOperation({ name }), Code.NOT_FOUND);
    }),

    testCase('is 30 days by default', [34], async (open) => {
      const server = await open();
      const name = await startAndEnd(server);
      await server.manual.advance(30 * DAY_MS - 1);
      equal((await server.operations.getOperation({ name })).done, true);
      await server.manual.advance(1);
      await expectKitError(server.operations.getOperation({ name }), Code.NOT_FOUND);
    }),

    testCase('pages continue past operations that expire between them', [28, 34], async (open) => {
      const server = await open({ retentionMs: 10_000 });
      const running = [(await server.exportReport()).name];
      const ended = [await startAndEnd(server), await startAndEnd(server)];
      running.unshift((await server.exportReport()).name);
      const request = { name: PARENT, pageSize: 2 };
      const first = await server.operations.listOperations(request);
      deepEqual(
        first.operations.map(({ name }) => name),
        [running[0], ended[1]],
      );
      await server.manual.advance(10_000);
      const pageToken = first.nextPageToken;
      const second = await server.operations.listOperations({ ...request, pageToken });
      deepEqual(
        second.operations.map(({ name }) => name),
        [running[1]],
      );
      equal(second.nextPageToken, '');
    }),

    testCase('removes expired operations within about a minute, in the background', [34], async (open) => {
      let kept = 0;
      const server = await open({
        retentionMs: 10_000,
        around: (store) => ({
          ...aroundStore(store, (_, proceed) => proceed()),
          create: async (record) => {
            kept++;
            return store.create(record);
          },
          deleteExpired: async (now, limit) => {
            const count = await store.deleteExpired(now, limit);
            kept -= count;
            return count;
          },
        }),
      });
      for (let count = 0; count < 3; count++) await startAndEnd(server);
      await server.exportReport();
      equal(kept, 4);
      await server.manual.advance(70_000);
      await eventually(() => equal(kept, 1));
    }),
  ],
};

async function startAndEnd(server: Subject): Promise<string> {
  const { name } = await server.exportReport();
  (await server.exports.on(name)).succeed();
  await server.operations.waitOperation({ name });
  return name;
}
