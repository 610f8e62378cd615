import { deepEqual, equal } from 'node:assert/strict';
import { Code, StatusError } from '../core/status.js';
import { settled } from '../testing/clock/manual-clock.js';
import { expectKitError } from './kit-error.js';
import { PARENT } from './reports-server.js';
import { type Open, type Topic, testCase } from './test-case.js';

/** DeleteOperation: the operation can no longer be found, and its work continues. */
export const deletion: Topic<Open> = {
  name: 'delete',
  cases: [
    testCase('of a running operation: its work continues, not cancelled', [20], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      await server.operations.deleteOperation({ name });
      await settled();
      equal(run.context.signal.aborted, false);
      await run.context.update({ progressPercent: 50 });
      run.succeed();
      await settled();
      await expectKitError(server.operations.getOperation({ name }), Code.NOT_FOUND);
      deepEqual(server.logged, []);
    }),

    testCase('of a queued operation: its work still runs', [20], async (open) => {
      const server = await open({ maxRunning: 1 });
      const { name: first } = await server.exportReport();
      const { name: queued } = await server.exportReport();
      await server.operations.deleteOperation({ name: queued });
      (await server.exports.on(first)).succeed();
      (await server.exports.on(queued)).succeed();
      await settled();
      await expectKitError(server.operations.getOperation({ name: queued }), Code.NOT_FOUND);
      deepEqual(server.logged, []);
    }),

    testCase(
      'then Get, Cancel, Wait and Delete answer NOT_FOUND, and List leaves it out',
      [20],
      async (open) => {
        const server = await open();
        const { name } = await server.exportReport();
        const { name: other } = await server.exportReport();
        await server.operations.deleteOperation({ name });
        const { operations } = server;
        const calls = ['getOperation', 'cancelOperation', 'waitOperation', 'deleteOperation'] as const;
        for (const call of calls) {
          await expectKitError(operations[call]({ name }), Code.NOT_FOUND, { reason: 'OPERATION_NOT_FOUND' });
        }
        const listed = await operations.listOperations({ name: PARENT });
        deepEqual(
          listed.operations.map((operation) => operation.name),
          [other],
        );
      },
    ),

    testCase('wakes a pending Wait with NOT_FOUND', [20], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      const waited = server.operations.waitOperation({ name });
      const refused = expectKitError(waited, Code.NOT_FOUND, { reason: 'OPERATION_NOT_FOUND' });
      await server.manual.whenArmed(1);
      await server.operations.deleteOperation({ name });
      await refused;
      equal(server.manual.armed, 0);
    }),

    testCase('of an ended operation removes it', [20], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      (await server.exports.on(name)).succeed();
      await server.operations.waitOperation({ name });
      await server.operations.deleteOperation({ name });
      await expectKitError(server.operations.getOperation({ name }), Code.NOT_FOUND);
    }),

    testCase('by two clients concurrently: OK for one, NOT_FOUND for the other', [20], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      const deletes = await Promise.allSettled([1, 2].map(() => server.operations.deleteOperation({ name })));
      const refusals = deletes.flatMap((settledAs) =>
        settledAs.status === 'rejected' ? [StatusError.from(settledAs.reason).code] : [],
      );
      deepEqual(refusals, [Code.NOT_FOUND]);
    }),

    testCase('of a running operation frees its slot only when its work ends', [20], async (open) => {
      const server = await open({ maxRunning: 1 });
      const running = await server.exportReport();
      const queued = await server.exportReport();
      const run = await server.exports.on(running.name);
      await server.operations.deleteOperation({ name: running.name });
      await settled();
      deepEqual(server.exports.begun, [running.name]);
      run.succeed();
      (await server.exports.on(queued.name)).succeed();
      equal((await server.operations.waitOperation({ name: queued.name })).done, true);
    }),
  ],
};
