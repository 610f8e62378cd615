import { deepEqual, equal } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Code } from '../core/status.js';
import { eventually } from './eventually.js';
import { expectKitError } from './kit-error.js';
import { line, type Open, type Topic } from './line.js';
import { assertSameOperation, endingOf } from './messages.js';
import { PARENT } from './reports-server.js';

const DIFFERENT = { field: 'request_id', message: /different request/ };

/** Requests that are sent again with the same id (AIP-155). */
export const requestIds: Topic<Open> = {
  name: 'request id',
  lines: [
    line(
      'the same, of an operation that runs: that operation, and nothing is begun again',
      [8],
      async (open) => {
        const server = await open();
        const request = { title: 'sales', requestId: randomUUID() };
        const { name } = await server.exportReport(request);
        const run = await server.exports.on(name);
        await run.context.update({ progressPercent: 30 });
        assertSameOperation(
          await server.exportReport(request),
          await server.operations.getOperation({ name }),
        );
        run.succeed();
        await server.operations.waitOperation({ name });
        deepEqual(server.exports.begun, [name]);
      },
    ),

    line('the same, of an operation that has ended: its outcome', [8], async (open) => {
      const server = await open();
      const request = { requestId: randomUUID() };
      const { name } = await server.exportReport(request);
      (await server.exports.on(name)).succeed({ uri: 'here' });
      const ended = await server.operations.waitOperation({ name });
      assertSameOperation(await server.exportReport(request), ended);
    }),

    line('the same, of an operation that was cancelled: the cancelled one', [8, 11], async (open) => {
      const server = await open();
      const request = { requestId: randomUUID() };
      const { name } = await server.exportReport(request);
      await server.operations.cancelOperation({ name });
      await server.operations.waitOperation({ name });
      const again = await server.exportReport(request);
      equal(again.name, name);
      equal(endingOf(again), 'CANCELLED');
    }),

    line('the same, of a request that was answered at once: that answer', [7, 8], async (open) => {
      const server = await open({ exportReport: { accept: () => ({ uri: 'cached' }) } });
      const request = { requestId: randomUUID() };
      assertSameOperation(await server.exportReport(request), await server.exportReport(request));
    }),

    line('the same of a different request: INVALID_ARGUMENT', [8, 32], async (open) => {
      const server = await open();
      const requestId = randomUUID();
      const { name } = await server.exportReport({ title: 'sales', requestId });
      const other = { title: 'costs', requestId };
      await expectKitError(server.exportReport(other), Code.INVALID_ARGUMENT, DIFFERENT);
      (await server.exports.on(name)).succeed();
      await server.operations.waitOperation({ name });
      await expectKitError(server.exportReport(other), Code.INVALID_ARGUMENT, DIFFERENT);
      deepEqual(server.exports.begun, [name]);
    }),

    line('many at once: one operation, whose work is done once', [8], async (open) => {
      const server = await open();
      const request = { requestId: randomUUID() };
      const started = await Promise.all(Array.from({ length: 20 }, () => server.exportReport(request)));
      const names = [...new Set(started.map(({ name }) => name))];
      equal(names.length, 1);
      const [name = ''] = names;
      (await server.exports.on(name)).succeed();
      await server.operations.waitOperation({ name });
      const { operations } = await server.operations.listOperations({ name: PARENT });
      equal(operations.length, 1);
      deepEqual(server.exports.begun, names);
    }),

    line(
      'many different requests at once with the same: one is started, the others refused',
      [8],
      async (open) => {
        const server = await open();
        const requestId = randomUUID();
        const titles = Array.from({ length: 10 }, (_, index) => `report ${index}`);
        const started = await Promise.allSettled(
          titles.map((title) => server.exportReport({ title, requestId })),
        );
        equal(started.filter(({ status }) => status === 'fulfilled').length, 1);
        for (const outcome of started) {
          if (outcome.status === 'rejected') {
            await expectKitError(Promise.reject(outcome.reason), Code.INVALID_ARGUMENT, DIFFERENT);
          }
        }
      },
    ),

    line(
      'of a deleted operation: free for a new one, while the old work goes on and after',
      [8, 20],
      async (open) => {
        const server = await open();
        const request = { requestId: randomUUID() };
        const first = await server.exportReport(request);
        const run = await server.exports.on(first.name);
        await server.operations.deleteOperation(first);
        const second = await server.exportReport(request);
        equal(second.name === first.name, false);
        run.succeed();
        equal((await server.exportReport(request)).name, second.name);
        (await server.exports.on(second.name)).succeed();
        await server.operations.waitOperation(second);
        await server.operations.deleteOperation(second);
        const third = await server.exportReport(request);
        equal(third.name === second.name, false);
        equal(endingOf(third), 'running');
      },
    ),

    line(
      'of an expired operation: free for a new one, other or not, though not swept yet',
      [8, 34],
      async (open) => {
        const server = await open({ retentionMs: 1000 });
        const requestId = randomUUID();
        const { name } = await server.exportReport({ requestId });
        (await server.exports.on(name)).succeed();
        await server.operations.waitOperation({ name });
        await server.manual.advance(999);
        equal((await server.exportReport({ requestId })).name, name);
        await server.manual.advance(1);
        const second = await server.exportReport({ requestId, title: 'another' });
        equal(second.name === name, false);
        equal(endingOf(second), 'running');
      },
    ),

    line('is one per parent and per method', [8], async (open) => {
      const server = await open({ exportReport: { requestId: ({ requestId }) => requestId } });
      const requestId = randomUUID();
      const here = await server.exportReport({ requestId });
      const there = await server.exportReport({ requestId, parent: 'projects/q' });
      const plain = await server.exportReport({ requestId, parent: '' });
      equal(new Set([here.name, there.name, plain.name]).size, 3);
    }),

    line('of a known request: accept is not asked again', [8], async (open) => {
      let asked = 0;
      const accept = () => {
        asked++;
        return undefined;
      };
      const server = await open({ exportReport: { accept } });
      const request = { requestId: randomUUID() };
      const { name } = await server.exportReport(request);
      equal((await server.exportReport(request)).name, name);
      equal(asked, 1);
    }),

    line('of a request that was refused: free', [5, 8], async (open) => {
      let refuses = true;
      const accept = () => {
        if (refuses) throw new Error('not today');
        return undefined;
      };
      const server = await open({ exportReport: { accept } });
      const requestId = randomUUID();
      await server.exportReport({ requestId, title: 'a' }).then(
        () => equal('started', 'refused'),
        () => {},
      );
      refuses = false;
      equal(endingOf(await server.exportReport({ requestId, title: 'b' })), 'running');
    }),

    line('empty: none, every request starts an operation', [8], async (open) => {
      const server = await open();
      const started = [await server.exportReport({ requestId: '' }), await server.exportReport({})];
      equal(new Set(started.map(({ name }) => name)).size, 2);
      await eventually(() => server.exports.begun.length === 2);
    }),

    line('that cannot be one: INVALID_ARGUMENT, and nothing is started', [8, 32], async (open) => {
      const server = await open();
      for (const requestId of ['x'.repeat(1025), 'a\u0000b', 'a\nb']) {
        const refused = server.exportReport({ requestId });
        await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'request_id' });
      }
      deepEqual((await server.operations.listOperations({ name: PARENT })).operations, []);
    }),
  ],
};
