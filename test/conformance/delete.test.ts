import { expect, it } from '@jest/globals';
import { Code } from '../../src/status.js';
import { settled } from '../helpers/manual-clock.js';
import { expectKitError } from '../helpers/rejection.js';
import { PARENT } from '../helpers/reports-server.js';
import { onEveryServer } from './every-server.js';

onEveryServer('delete', (open) => {
  it('of a running operation: its work goes on, uncancelled (contract 20)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const run = await server.exports.on(name);
    await server.operations.deleteOperation({ name });
    await settled();
    expect(run.context.signal.aborted).toBe(false);
    await run.context.update({ progressPercent: 50 });
    run.succeed();
    await settled();
    await expectKitError(server.operations.getOperation({ name }), Code.NOT_FOUND);
    expect(server.logged).toEqual([]);
  });

  it('of a queued operation: its work is done all the same (contract 20)', async () => {
    await using server = await open({ concurrency: 1 });
    const { name: first } = await server.exportReport();
    const { name: queued } = await server.exportReport();
    await server.operations.deleteOperation({ name: queued });
    (await server.exports.on(first)).succeed();
    (await server.exports.on(queued)).succeed();
    await settled();
    await expectKitError(server.operations.getOperation({ name: queued }), Code.NOT_FOUND);
    expect(server.logged).toEqual([]);
  });

  it('then Get, Cancel, Wait and Delete answer NOT_FOUND, and List leaves it out (contract 20)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const { name: other } = await server.exportReport();
    await server.operations.deleteOperation({ name });
    const { operations } = server;
    const calls = ['getOperation', 'cancelOperation', 'waitOperation', 'deleteOperation'] as const;
    for (const call of calls) {
      await expectKitError(operations[call]({ name }), Code.NOT_FOUND, { reason: 'OPERATION_NOT_FOUND' });
    }
    const listed = await operations.listOperations({ name: PARENT });
    expect(listed.operations.map((operation) => operation.name)).toEqual([other]);
  });

  it('wakes a pending Wait with NOT_FOUND (contract 20)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const waited = server.operations.waitOperation({ name });
    const refused = expectKitError(waited, Code.NOT_FOUND, { reason: 'OPERATION_NOT_FOUND' });
    await server.manual.whenArmed(1);
    await server.operations.deleteOperation({ name });
    await refused;
    expect(server.manual.armed).toBe(0);
  });

  it('of one that has ended forgets it (contract 20)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    (await server.exports.on(name)).succeed();
    await server.operations.waitOperation({ name });
    await server.operations.deleteOperation({ name });
    await expectKitError(server.operations.getOperation({ name }), Code.NOT_FOUND);
  });

  it('by two at once: one is told OK, the other NOT_FOUND (contract 20)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const deletes = await Promise.allSettled([1, 2].map(() => server.operations.deleteOperation({ name })));
    expect(deletes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(deletes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: Code.NOT_FOUND },
    });
  });

  it('of a running operation makes room for queued ones only when its work ends (contract 20)', async () => {
    await using server = await open({ concurrency: 1 });
    const running = await server.exportReport();
    const queued = await server.exportReport();
    const run = await server.exports.on(running.name);
    await server.operations.deleteOperation({ name: running.name });
    await settled();
    expect(server.exports.begun).toEqual([running.name]);
    run.succeed();
    (await server.exports.on(queued.name)).succeed();
    expect((await server.operations.waitOperation({ name: queued.name })).done).toBe(true);
  });
});
