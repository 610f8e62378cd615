import { expect, it } from '@jest/globals';
import { Code } from '../../src/status.js';
import { aroundStore } from '../helpers/around-store.js';
import { expectKitError } from '../helpers/rejection.js';
import { PARENT } from '../helpers/reports-server.js';
import { onEveryServer, type Subject } from './every-server.js';

const DAY_MS = 24 * 60 * 60 * 1000;

async function startAndEnd(server: Subject): Promise<string> {
  const { name } = await server.exportReport();
  (await server.exports.on(name)).succeed();
  await server.operations.waitOperation({ name });
  return name;
}

onEveryServer('retention', (open) => {
  it('an expired operation is NOT_FOUND to every method and is not listed (contract 34)', async () => {
    await using server = await open({ retentionMs: 10_000 });
    const name = await startAndEnd(server);
    await server.manual.advance(9_999);
    expect((await server.operations.getOperation({ name })).done).toBe(true);
    expect((await server.operations.listOperations({ name: PARENT })).operations).toHaveLength(1);
    await server.manual.advance(1);
    const calls = ['getOperation', 'cancelOperation', 'waitOperation', 'deleteOperation'] as const;
    for (const call of calls) await expectKitError(server.operations[call]({ name }), Code.NOT_FOUND);
    expect((await server.operations.listOperations({ name: PARENT })).operations).toEqual([]);
  });

  it('expiry counts from completion: what runs never expires (contract 34)', async () => {
    await using server = await open({ retentionMs: 10_000 });
    const { name } = await server.exportReport();
    await server.manual.advance(25_000);
    (await server.exports.on(name)).succeed();
    await server.operations.waitOperation({ name });
    await server.manual.advance(9_999);
    expect((await server.operations.getOperation({ name })).done).toBe(true);
    await server.manual.advance(1);
    await expectKitError(server.operations.getOperation({ name }), Code.NOT_FOUND);
  });

  it('is 30 days unless said otherwise (contract 34)', async () => {
    await using server = await open();
    const name = await startAndEnd(server);
    await server.manual.advance(30 * DAY_MS - 1);
    expect((await server.operations.getOperation({ name })).done).toBe(true);
    await server.manual.advance(1);
    await expectKitError(server.operations.getOperation({ name }), Code.NOT_FOUND);
  });

  it('pages go on past operations that expire between them (contract 28, 34)', async () => {
    await using server = await open({ retentionMs: 10_000 });
    const running = [(await server.exportReport()).name];
    const ended = [await startAndEnd(server), await startAndEnd(server)];
    running.unshift((await server.exportReport()).name);
    const request = { name: PARENT, pageSize: 2 };
    const first = await server.operations.listOperations(request);
    expect(first.operations.map(({ name }) => name)).toEqual([running[0], ended[1]]);
    await server.manual.advance(10_000);
    const pageToken = first.nextPageToken;
    const second = await server.operations.listOperations({ ...request, pageToken });
    expect(second.operations.map(({ name }) => name)).toEqual([running[1]]);
    expect(second.nextPageToken).toBe('');
  });

  it('forgets what has expired within a minute or so, in the background (contract 34)', async () => {
    let stored = 0;
    const forgotten = Promise.withResolvers<void>();
    await using server = await open({
      retentionMs: 10_000,
      around: (store) => ({
        ...aroundStore(store, (_, proceed) => proceed()),
        create: async (record) => {
          stored++;
          return store.create(record);
        },
        deleteExpired: async (now, limit) => {
          const count = await store.deleteExpired(now, limit);
          stored -= count;
          if (count > 0) forgotten.resolve();
          return count;
        },
      }),
    });
    for (let count = 0; count < 3; count++) await startAndEnd(server);
    await server.exportReport();
    expect(stored).toBe(4);
    await server.manual.advance(70_000);
    await forgotten.promise;
    expect(stored).toBe(1);
  });
});
