import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Code } from '../core/status.js';
import { eventually } from './eventually.js';
import { expectKitError } from './kit-error.js';
import { assertSameOperation, endingOf } from './messages.js';
import { PARENT } from './reports-server.js';
import { type Open, type Topic, testCase } from './test-case.js';

const DIFFERENT = { field: 'request_id', message: /different request/ };

/** Requests repeated with the same id (AIP-155). */
export const requestIds: Topic<Open> = {
  name: 'request id',
  cases: [
    testCase(
      'the same, of a running operation: that operation, and no work is started again',
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

    testCase('the same, of an ended operation: its outcome', [8], async (open) => {
      const server = await open();
      const request = { requestId: randomUUID() };
      const { name } = await server.exportReport(request);
      (await server.exports.on(name)).succeed({ uri: 'here' });
      const ended = await server.operations.waitOperation({ name });
      assertSameOperation(await server.exportReport(request), ended);
    }),

    testCase('the same, of a cancelled operation: the cancelled one', [8, 11], async (open) => {
      const server = await open();
      const request = { requestId: randomUUID() };
      const { name } = await server.exportReport(request);
      await server.operations.cancelOperation({ name });
      await server.operations.waitOperation({ name });
      const again = await server.exportReport(request);
      equal(again.name, name);
      equal(endingOf(again), 'CANCELLED');
    }),

    testCase('the same, of a request that was answered immediately: that answer', [7, 8], async (open) => {
      const server = await open({ exportReport: { onStart: () => ({ uri: 'cached' }) } });
      const request = { requestId: randomUUID() };
      assertSameOperation(await server.exportReport(request), await server.exportReport(request));
    }),

    testCase('the same, of a method that ignores request ids: another operation', [8], async (open) => {
      const server = await open({ exportReport: { requestId: false } });
      const request = { title: 'sales', requestId: randomUUID() };
      const { name } = await server.exportReport(request);
      notEqual((await server.exportReport(request)).name, name);
      notEqual((await server.exportReport({ ...request, title: 'costs' })).name, name);
    }),

    testCase('the same, by the field that the method selects', [8], async (open) => {
      const server = await open({ exportReport: { requestId: ({ title }) => title } });
      const request = { title: 'sales' };
      const started = await server.exportReport(request);
      assertSameOperation(await server.exportReport(request), started);
      const other = await server.exportReport({ title: 'costs', requestId: randomUUID() });
      notEqual(other.name, started.name);
      // An empty id is none.
      notEqual((await server.exportReport()).name, (await server.exportReport()).name);
    }),

    testCase('the same, of a different request: INVALID_ARGUMENT', [8, 32], async (open) => {
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

    testCase('many concurrent requests: one operation, whose work runs once', [8], async (open) => {
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

    testCase(
      'the same, of many different concurrent requests: one starts, the others are rejected',
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

    testCase(
      'of a deleted operation: available for a new one, during and after the old work',
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

    testCase(
      'of an expired operation: available for any new one, even before it is removed',
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

    testCase('is scoped to parent and method', [8], async (open) => {
      const server = await open({ exportReport: { requestId: ({ requestId }) => requestId } });
      const requestId = randomUUID();
      const here = await server.exportReport({ requestId });
      const there = await server.exportReport({ requestId, parent: 'projects/q' });
      const plain = await server.exportReport({ requestId, parent: '' });
      equal(new Set([here.name, there.name, plain.name]).size, 3);
    }),

    testCase('of a known request: onStart is not called again', [8], async (open) => {
      let asked = 0;
      const onStart = () => {
        asked++;
        return undefined;
      };
      const server = await open({ exportReport: { onStart } });
      const request = { requestId: randomUUID() };
      const { name } = await server.exportReport(request);
      equal((await server.exportReport(request)).name, name);
      equal(asked, 1);
    }),

    testCase('of a rejected request: available', [5, 8], async (open) => {
      let refuses = true;
      const onStart = () => {
        if (refuses) throw new Error('not today');
        return undefined;
      };
      const server = await open({ exportReport: { onStart } });
      const requestId = randomUUID();
      await server.exportReport({ requestId, title: 'a' }).then(
        () => equal('started', 'refused'),
        () => {},
      );
      refuses = false;
      equal(endingOf(await server.exportReport({ requestId, title: 'b' })), 'running');
    }),

    testCase('empty: no id, every request starts an operation', [8], async (open) => {
      const server = await open();
      const started = [await server.exportReport({ requestId: '' }), await server.exportReport({})];
      equal(new Set(started.map(({ name }) => name)).size, 2);
      await eventually(() => server.exports.begun.length === 2);
    }),

    testCase('invalid: INVALID_ARGUMENT, and nothing starts', [8, 32], async (open) => {
      const server = await open();
      for (const requestId of ['x'.repeat(1025), 'a\u0000b', 'a\nb']) {
        const refused = server.exportReport({ requestId });
        await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'request_id' });
      }
      deepEqual((await server.operations.listOperations({ name: PARENT })).operations, []);
    }),
  ],
};
