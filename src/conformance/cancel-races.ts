import { equal } from 'node:assert/strict';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import type { OperationsApi } from '../core/operations-api.js';
import type { OperationRecord, OperationStore } from '../server/index.js';
import { aroundStore } from '../stores/contract/around-store.js';
import { settled } from '../testing/clock/manual-clock.js';
import { eventually } from './eventually.js';
import { line, type Open, type Topic } from './line.js';
import { assertSameOperation, endingOf, metadataOf } from './messages.js';
import { PARENT } from './reports-server.js';

/** A cancellation and a completion at the same time. */
export const cancelRaces: Topic<Open> = {
  name: 'cancel',
  lines: [
    line('completion recorded first: it stays, and the cancel is OK', [16], async (open) => {
      const gate = new Gate(({ result }) => result === undefined);
      const server = await open({ onAbort: 'ignore', around: (store) => gate.before(store) });
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      gate.shut();
      const cancelled = server.operations.cancelOperation({ name });
      await eventually(() => gate.holds);
      run.succeed({ uri: 'won' });
      const ended = await server.operations.waitOperation({ name });
      gate.open();
      await cancelled;
      await expectAgreement(server.operations, ended);
      equal(metadataOf(ended).cancelRequested, false);
    }),

    line(
      'cancel recorded first: the completion still counts, and every reader agrees',
      [12, 16],
      async (open) => {
        const gate = new Gate(({ result }) => result?.$case === 'response');
        const server = await open({ onAbort: 'ignore', around: (store) => gate.before(store) });
        const { name } = await server.exportReport();
        gate.shut();
        (await server.exports.on(name)).succeed({ uri: 'late' });
        await eventually(() => gate.holds);
        await server.operations.cancelOperation({ name });
        gate.open();
        const ended = await server.operations.waitOperation({ name });
        equal(endingOf(ended), 'response');
        equal(metadataOf(ended).cancelRequested, true);
        await expectAgreement(server.operations, ended);
      },
    ),

    line(
      'at the very moment of completion, many times over: one winner, every reader agrees',
      [16],
      async (open) => {
        const server = await open({ concurrency: 50 });
        const started = await Promise.all(Array.from({ length: 50 }, () => server.exportReport()));
        await Promise.all(
          started.map(async ({ name }, index) => {
            const run = await server.exports.on(name);
            if (index % 2) run.succeed();
            const cancelled = server.operations.cancelOperation({ name });
            if (index % 2 === 0) run.succeed();
            await cancelled;
          }),
        );
        for (const { name } of started) {
          await expectAgreement(server.operations, await server.operations.waitOperation({ name }));
        }
      },
    ),

    line(
      'between the start of work and the answer of the store: the work is told',
      [12, 17],
      async (open) => {
        const answered = Promise.withResolvers<void>();
        let started = false;
        const server = await open({
          onAbort: 'ignore',
          around: (store) => ({
            ...aroundStore(store, (_call, proceed) => proceed()),
            compareAndSet: async (record, expectedVersion) => {
              const won = await store.compareAndSet(record, expectedVersion);
              if (started || record.attempt !== 1) return won;
              started = true;
              await answered.promise;
              return won;
            },
          }),
        });
        const { name } = await server.exportReport();
        await eventually(() => started);
        await server.operations.cancelOperation({ name });
        await settled();
        answered.resolve();
        const run = await server.exports.on(name);
        await eventually(() => run.context.signal.aborted);
        run.succeed();
        equal(endingOf(await server.operations.waitOperation({ name })), 'response');
      },
    ),

    line(
      'at the very moment that queued work begins: cancelled, or begun and told so',
      [16, 17],
      async (open) => {
        const server = await open({ concurrency: 50 });
        await Promise.all(
          Array.from({ length: 30 }, async (_, index) => {
            const { name } = await server.exportReport();
            for (let turn = 0; turn < index % 6; turn++) await settled();
            await server.operations.cancelOperation({ name });
            equal(endingOf(await server.operations.waitOperation({ name })), 'CANCELLED');
          }),
        );
      },
    ),
  ],
};

/** Holds back the writes of some records before they reach the store. */
class Gate {
  readonly #isHeld: (record: OperationRecord) => boolean;
  readonly #opened = Promise.withResolvers<void>();
  #isShut = false;
  /** Whether a write is being held back. */
  holds = false;

  constructor(isHeld: (record: OperationRecord) => boolean) {
    this.#isHeld = isHeld;
  }

  shut(): void {
    this.#isShut = true;
  }

  open(): void {
    this.#isShut = false;
    this.#opened.resolve();
  }

  before(store: OperationStore): OperationStore {
    return {
      ...aroundStore(store, (_call, proceed) => proceed()),
      compareAndSet: async (record, expectedVersion) => {
        if (this.#isShut && this.#isHeld(record)) {
          this.holds = true;
          await this.#opened.promise;
        }
        return store.compareAndSet(record, expectedVersion);
      },
    };
  }
}

async function expectAgreement(operations: OperationsApi, ended: Operation): Promise<void> {
  const { name } = ended;
  equal(ended.done, true);
  assertSameOperation(await operations.getOperation({ name }), ended);
  assertSameOperation(await operations.waitOperation({ name }), ended);
  const { operations: listed } = await operations.listOperations({ name: PARENT, pageSize: 1000 });
  const found = listed.find((operation) => operation.name === name);
  if (!found) throw new Error(`${name} is not listed`);
  assertSameOperation(found, ended);
}
