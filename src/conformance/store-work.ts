import { deepEqual, equal, ok } from 'node:assert/strict';
import type {
  ConsumeOptions,
  OperationRecord,
  OperationStore,
  WorkOutcome,
} from '../stores/contract/operation-store.js';
import { MANUAL_CLOCK_START, settled } from '../testing/clock/manual-clock.js';
import { eventually } from './eventually.js';
import { end, endedRecord, METHOD, next, OTHER_METHOD, queuedRecord } from './records.js';
import { type OpenStore, type Topic, testCase } from './test-case.js';

/** Guarantees of a store for handing out work. */
export const storeWork: Topic<OpenStore> = {
  name: 'store',
  cases: [
    testCase('hands out existing and new records, oldest first', [], async (open) => {
      const store = await open();
      for (const id of ['1', '2']) await store.create(queuedRecord(id));
      const worker = new Worker(store, { maxRunning: 1 });
      await eventually(() => worker.has('1'));
      await store.create(queuedRecord('3'));
      for (const id of ['1', '2', '3']) {
        await eventually(() => worker.has(id));
        await worker.end(id);
      }
      deepEqual(worker.begun, ['1', '2', '3']);
    }),

    testCase('hands out the current record', [], async (open) => {
      const store = await open();
      const record = await store.create(queuedRecord('1'));
      await store.compareAndSet(next(record, { attempt: 4, cancelRequestTime: MANUAL_CLOCK_START }), 1);
      const worker = new Worker(store);
      await eventually(() => worker.has('1'));
      const handedOut = worker.record('1');
      equal(handedOut?.version, 2);
      equal(handedOut?.attempt, 4);
      equal(handedOut?.cancelRequestTime, MANUAL_CLOCK_START);
      await worker.end('1');
    }),

    testCase('hands out at most `maxRunning` records, and the next when one settles', [], async (open) => {
      const store = await open();
      const worker = new Worker(store, { maxRunning: 3 });
      for (let id = 0; id < 10; id++) await store.create(queuedRecord(`${id}`));
      for (let id = 0; id < 10; id++) {
        await eventually(() => worker.has(`${id}`));
        await worker.end(`${id}`);
      }
      equal(worker.begun.length, 10);
      equal(worker.most, 3);
    }),

    testCase(
      'hands out at most `maxRunningOf` records of a method, without delaying those of others',
      [],
      async (open) => {
        const store = await open();
        for (const id of ['1', '2', '3', '4']) await store.create(queuedRecord(id));
        await store.create(queuedRecord('other', { method: OTHER_METHOD }));
        const worker = new Worker(store, {
          maxRunning: 3,
          maxRunningOf: (method) => (method === METHOD ? 2 : Number.POSITIVE_INFINITY),
        });
        await eventually(() => worker.inHand.length === 3);
        deepEqual([...worker.inHand].sort(), ['1', '2', 'other']);
        await worker.end('other');
        await settled();
        deepEqual(worker.begun.includes('3'), false);
        for (const [ended, next] of [
          ['1', '3'],
          ['2', '4'],
        ] as const) {
          await worker.end(ended);
          await eventually(() => worker.has(next));
        }
        await store.create(queuedRecord('last', { method: OTHER_METHOD }));
        await eventually(() => worker.has('last'));
        for (const id of ['3', '4', 'last']) await worker.end(id);
      },
    ),

    testCase('hands out nothing that is terminal or was deleted', [4, 17], async (open) => {
      const store = await open();
      await store.create(endedRecord('ended', MANUAL_CLOCK_START));
      const cancelled = await store.create(queuedRecord('cancelled'));
      await store.compareAndSet(end(cancelled, MANUAL_CLOCK_START), 1);
      const gone = await store.create(queuedRecord('gone'));
      await store.delete(gone.name);
      await store.create(queuedRecord('last'));
      const worker = new Worker(store);
      await eventually(() => worker.has('last'));
      await worker.end('last');
      deepEqual(worker.begun, ['last']);
    }),

    testCase('hands out records marked as deleted: their work continues', [20], async (open) => {
      const store = await open();
      await store.create(queuedRecord('1', { deleteTime: MANUAL_CLOCK_START }));
      const worker = new Worker(store);
      await eventually(() => worker.has('1'));
      await worker.end('1');
    }),

    testCase('hands out released records again', [], async (open) => {
      const store = await open();
      const worker = new Worker(store, { maxRunning: 1 });
      await store.create(queuedRecord('1'));
      for (let times = 1; times <= 3; times++) {
        await eventually(() => worker.begun.length === times);
        await eventually(() => worker.has('1'));
        if (times < 3) worker.leave('1', 'released');
      }
      await worker.end('1');
    }),

    testCase(
      'does not hand out again records that are in progress, ended or superseded',
      [4],
      async (open) => {
        const store = await open();
        const worker = new Worker(store, { maxRunning: 5 });
        const first = await store.create(queuedRecord('1'));
        await store.create(queuedRecord('2'));
        await eventually(() => worker.has('1') && worker.has('2'));
        // A change of a record in progress is not new work.
        await store.compareAndSet(next(first, { attempt: 1 }), 1);
        worker.leave('2', 'superseded');
        await store.create(queuedRecord('3'));
        await eventually(() => worker.has('3'));
        await worker.end('1');
        await worker.end('3');
        await settled();
        deepEqual([...worker.begun].sort(), ['1', '2', '3']);
      },
    ),

    testCase('ignores work of other methods, which blocks nothing', [], async (open) => {
      const store = await open();
      for (let id = 0; id < 5; id++)
        await store.create(queuedRecord(`other-${id}`, { method: OTHER_METHOD }));
      await store.create(queuedRecord('wanted'));
      const worker = new Worker(store, { maxRunning: 1, methods: new Set([METHOD]) });
      await eventually(() => worker.has('wanted'));
      await worker.end('wanted');
      await settled();
      deepEqual(worker.begun, ['wanted']);
      deepEqual([...(await store.unfinishedMethods())], [OTHER_METHOD]);
    }),

    testCase('hands out work of a method added later, including work queued before', [], async (open) => {
      const store = await open();
      const methods = new Set([METHOD]);
      await store.create(queuedRecord('1', { method: OTHER_METHOD }));
      const worker = new Worker(store, { methods });
      await store.create(queuedRecord('2', { method: OTHER_METHOD }));
      await store.create(queuedRecord('wanted'));
      await eventually(() => worker.has('wanted'));
      await worker.end('wanted');
      await settled();
      deepEqual(worker.begun, ['wanted']);
      methods.add(OTHER_METHOD);
      worker.added(OTHER_METHOD);
      await store.create(queuedRecord('3', { method: OTHER_METHOD }));
      for (const id of ['1', '2', '3']) {
        await eventually(() => worker.has(id));
        await worker.end(id);
      }
      await settled();
      // Created concurrently, in any order.
      deepEqual(worker.begun.toSorted(), ['1', '2', '3', 'wanted']);
    }),

    testCase('continues after work with an unknown outcome, and reports it', [], async (open) => {
      const store = await open();
      const worker = new Worker(store, { maxRunning: 1 });
      await store.create(queuedRecord('1'));
      await eventually(() => worker.has('1'));
      const lost = new Error('lost');
      worker.lose('1', lost);
      await eventually(() => worker.errors.length > 0);
      deepEqual(worker.errors, [lost]);
      await store.create(queuedRecord('2'));
      await eventually(() => worker.has('2') || worker.has('1'));
      // The first records may be handed out again, before or after.
      for (const id of ['1', '2']) if (worker.has(id)) await worker.end(id);
      await eventually(() => worker.begun.includes('2'));
      if (worker.has('2')) await worker.end('2');
    }),

    testCase(
      'hands out nothing after its consumer has stopped, and work in progress continues',
      [],
      async (open) => {
        const store = await open();
        const worker = new Worker(store, { maxRunning: 1 });
        await store.create(queuedRecord('1'));
        await store.create(queuedRecord('2'));
        await eventually(() => worker.has('1'));
        worker.stop();
        await worker.end('1');
        await store.create(queuedRecord('3'));
        await settled();
        deepEqual(worker.begun, ['1']);
      },
    ),

    testCase('hands out each record once when many are created concurrently', [], async (open) => {
      const store = await open();
      const worker = new Worker(store, { maxRunning: 7 });
      const ids = Array.from({ length: 40 }, (_, id) => `${id}`);
      await Promise.all(ids.map((id) => store.create(queuedRecord(id))));
      for (let done = 0; done < ids.length; done++) {
        await eventually(() => worker.inHand.length > 0);
        const [id = ''] = worker.inHand;
        await worker.end(id);
      }
      deepEqual([...worker.begun].sort(), [...ids].sort());
      ok(worker.most <= 7);
    }),
  ],
};

/** Worker that settles its work when the test case says so. */
class Worker {
  readonly begun: string[] = [];
  readonly errors: unknown[] = [];
  /** Maximum number of records handed out concurrently. */
  most = 0;
  readonly stop: () => void;
  /** Notifies the store of an added method. */
  readonly added: (method: string) => void;
  readonly #store: OperationStore;
  readonly #inHand = new Map<
    string,
    PromiseWithResolvers<WorkOutcome> & { readonly record: OperationRecord }
  >();

  constructor(store: OperationStore, options: Partial<ConsumeOptions> = {}) {
    this.#store = store;
    const consumer = store.consume((record) => this.#take(record), {
      methods: new Set([METHOD, OTHER_METHOD]),
      maxRunning: 10,
      onError: (error) => this.errors.push(error),
      ...options,
    });
    this.stop = () => consumer.stop();
    this.added = (method) => consumer.added?.(method);
  }

  get inHand(): readonly string[] {
    return [...this.#inHand.keys()];
  }

  has(id: string): boolean {
    return this.#inHand.has(id);
  }

  record(id: string): OperationRecord | undefined {
    return this.#inHand.get(id)?.record;
  }

  leave(id: string, outcome: WorkOutcome): void {
    this.#drop(id)?.resolve(outcome);
  }

  lose(id: string, error: Error): void {
    this.#drop(id)?.reject(error);
  }

  /** Makes the record terminal and settles its work. */
  async end(id: string): Promise<void> {
    const record = await this.#store.get(this.#inHand.get(id)?.record.name ?? '');
    if (!record) throw new Error(`${id} was not handed out`);
    equal(await this.#store.compareAndSet(end(record, MANUAL_CLOCK_START), record.version), true);
    this.leave(id, 'ended');
  }

  #take(record: OperationRecord): Promise<WorkOutcome> {
    const id = record.name.slice(record.name.lastIndexOf('/') + 1);
    if (this.has(id)) throw new Error(`${id} is handed out twice at once`);
    this.begun.push(id);
    const left = Promise.withResolvers<WorkOutcome>();
    this.#inHand.set(id, { ...left, record });
    this.most = Math.max(this.most, this.#inHand.size);
    return left.promise;
  }

  #drop(id: string): PromiseWithResolvers<WorkOutcome> | undefined {
    const work = this.#inHand.get(id);
    this.#inHand.delete(id);
    return work;
  }
}
