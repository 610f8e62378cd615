import { describe, expect, it } from '@jest/globals';
import { expectKitError, rejection } from '../../src/conformance/kit-error.js';
import { startReportsServer } from '../../src/conformance/reports-server.js';
import { Code } from '../../src/core/status.js';
import { aroundStore } from '../../src/stores/contract/around-store.js';
import { memoryStore } from '../../src/stores/memory/memory-store.js';

const NAME = 'operations/1';
const METHODS = ['getOperation', 'listOperations', 'cancelOperation', 'deleteOperation'] as const;

/** A server whose store never answers. */
function startHungServer() {
  return startReportsServer({ store: aroundStore(memoryStore(), () => new Promise(() => {})) });
}

describe('call options in process', () => {
  it.each(METHODS)(
    '%s: a store that does not answer in time is DEADLINE_EXCEEDED (contract 32)',
    async (method) => {
      await using server = await startHungServer();
      const call = server.inProcess.operations[method]({ name: NAME }, { timeoutMs: 100 });
      const refused = expectKitError(call, Code.DEADLINE_EXCEEDED);
      await server.manual.advance(100);
      await refused;
      expect(server.manual.armed).toBe(0);
    },
  );

  it('waitOperation: answers when a fifth of a short deadline remains (contract 22)', async () => {
    await using server = await startReportsServer();
    const { name } = await server.inProcess.exportReport();
    const waited = server.inProcess.operations.waitOperation({ name }, { timeoutMs: 300 });
    await server.manual.whenArmed(1);
    expect(server.manual.untilNextMs).toBe(240);
    await server.manual.advance(240);
    expect((await waited).done).toBe(false);
  });

  it.each([...METHODS, 'waitOperation'] as const)(
    '%s: an abort rejects immediately with its reason',
    async (method) => {
      await using server = await startHungServer();
      const leaving = new AbortController();
      const { signal } = leaving;
      const refused = rejection(server.inProcess.operations[method]({ name: NAME }, { signal }));
      const reason = new Error('gone');
      leaving.abort(reason);
      expect(await refused).toBe(reason);
      expect(server.manual.armed).toBe(0);
    },
  );
});
