import { deepEqual, equal } from 'node:assert/strict';
import { Code, StatusError } from '../core/status.js';
import { MANUAL_CLOCK_START } from '../testing/clock/manual-clock.js';
import { eventually } from './eventually.js';
import { rejection } from './kit-error.js';
import { end, endedRecord, METHOD, next, OTHER_METHOD, queuedRecord, readable } from './records.js';
import { PARENT } from './reports-server.js';
import { type OpenStore, type Topic, testCase } from './test-case.js';

const NOW = MANUAL_CLOCK_START;

/** Guarantees of a store for single records. */
export const storeRecords: Topic<OpenStore> = {
  name: 'store',
  cases: [
    testCase('is ready, however often it is asked', [], async (open) => {
      const store = await open();
      await store.ready();
      await store.ready();
    }),

    testCase('keeps every field of a record', [], async (open) => {
      const store = await open();
      const any = { typeUrl: 'type.googleapis.com/acme.Größe', value: Buffer.from([0, 1, 254, 255]) };
      const full = endedRecord('full', NOW + 0.5e13, {
        requestId: 'größe \'"\\ 1',
        cancellable: false,
        attempt: 3,
        cancelRequestTime: NOW + 1,
        deleteTime: NOW + 2,
        trace: {
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
          tracestate: 'vendor=a,other=b',
        },
        metadata: any,
        result: { $case: 'error', value: { code: 5, message: 'no "größe"', details: [any, any] } },
      });
      const succeeded = endedRecord('done', NOW, { result: { $case: 'response', value: any } });
      const bare = queuedRecord('bare', { parent: '', request: new Uint8Array() });
      for (const record of [full, succeeded, bare]) {
        deepEqual(readable(await store.create(record)), readable(record));
        deepEqual(readable(await store.get(record.name)), readable(record));
        const changed = next(record, { attempt: 9, metadata: any });
        equal(await store.compareAndSet(changed, record.version), true);
        deepEqual(readable(await store.get(record.name)), readable(changed));
      }
    }),

    testCase('has no record of an unknown name', [9], async (open) => {
      const store = await open();
      const stranger = queuedRecord('stranger');
      equal(await store.get(stranger.name), undefined);
      equal(await store.compareAndSet(stranger, 1), false);
      equal(await store.delete(stranger.name), false);
      equal(await store.get(stranger.name), undefined);
    }),

    testCase('rejects a name that is taken, and keeps the existing record', [1], async (open) => {
      const store = await open();
      await store.create(queuedRecord('1'));
      const refused = await rejection(store.create(queuedRecord('1', { attempt: 9 })));
      equal(StatusError.from(refused).code, Code.ALREADY_EXISTS);
      equal((await store.get(queuedRecord('1').name))?.attempt, 0);
    }),

    testCase(
      'compares and sets: of many writers that read the same version one wins',
      [4, 16],
      async (open) => {
        const store = await open();
        const record = queuedRecord('1');
        await store.create(record);
        const writers = Array.from({ length: 10 }, (_, attempt) => next(record, { attempt }));
        const won = await Promise.all(writers.map((changed) => store.compareAndSet(changed, 1)));
        equal(won.filter(Boolean).length, 1);
        deepEqual(readable(await store.get(record.name)), readable(writers[won.indexOf(true)]));
        equal(await store.compareAndSet(next(record, { attempt: 99 }), 1), false);
      },
    ),

    testCase('deletes once, however many concurrent requests', [20], async (open) => {
      const store = await open();
      const { name } = await store.create(queuedRecord('1'));
      const deleted = await Promise.all(Array.from({ length: 5 }, () => store.delete(name)));
      equal(deleted.filter(Boolean).length, 1);
      equal(await store.get(name), undefined);
      await store.create(queuedRecord('1'));
    }),

    testCase('finds records by request id, method and parent, until they are deleted', [8], async (open) => {
      const store = await open();
      const key = { method: METHOD, parent: PARENT, requestId: 'a' };
      const first = await store.create(queuedRecord('1', key));
      const others = [
        { ...key, method: OTHER_METHOD },
        { ...key, parent: '' },
        { ...key, requestId: 'A' },
      ];
      for (const [index, other] of others.entries()) {
        equal(await store.findByRequestId(other), undefined);
        const { name } = await store.create(queuedRecord(`other-${index}`, other));
        equal((await store.findByRequestId(other))?.name, name);
      }
      equal((await store.create(queuedRecord('2', key))).name, first.name);
      equal(await store.get(queuedRecord('2').name), undefined);
      equal((await store.findByRequestId(key))?.name, first.name);

      const { requestId, ...forgotten } = next(first, {});
      equal(await store.compareAndSet(forgotten, first.version), true);
      equal(await store.findByRequestId(key), undefined);
      const third = await store.create(queuedRecord('3', key));
      equal(third.name, queuedRecord('3').name);
      await store.delete(third.name);
      equal(await store.findByRequestId(key), undefined);
    }),

    testCase('keeps one record per request id, however many are created concurrently', [8], async (open) => {
      const store = await open();
      const key = { method: METHOD, parent: PARENT, requestId: 'one' };
      const created = await Promise.all(
        Array.from({ length: 10 }, (_, id) => store.create(queuedRecord(String(id), key))),
      );
      equal(new Set(created.map(({ name }) => name)).size, 1);
      const { records } = await store.list({ parent: PARENT, now: NOW, limit: 100 });
      equal(records.length, 1);
    }),

    testCase('deletes expired records, in batches, and no others', [34], async (open) => {
      const store = await open();
      for (let id = 0; id < 5; id++)
        await store.create(endedRecord(`gone-${id}`, NOW + 10, { requestId: `${id}` }));
      const later = await store.create(endedRecord('later', NOW + 11));
      const running = await store.create(queuedRecord('running'));
      equal(await store.deleteExpired(NOW + 9, 100), 0);
      equal(await store.deleteExpired(NOW + 10, 2), 2);
      equal(await store.deleteExpired(NOW + 10, 100), 3);
      equal(await store.deleteExpired(NOW + 10, 100), 0);
      const { records } = await store.list({ parent: PARENT, now: NOW + 10, limit: 10 });
      deepEqual(
        records.map(({ name }) => name),
        [running.name, later.name],
      );
      equal(await store.findByRequestId({ method: METHOD, parent: PARENT, requestId: '1' }), undefined);
    }),

    testCase('deletes records that ended and expired after their creation', [34], async (open) => {
      const store = await open();
      const running = await store.create(queuedRecord('1'));
      await store.compareAndSet(end(running, NOW + 5), 1);
      equal(await store.deleteExpired(NOW + 4, 10), 0);
      equal(await store.deleteExpired(NOW + 5, 10), 1);
      equal(await store.get(running.name), undefined);
    }),

    testCase('returns the methods of records that are not terminal', [], async (open) => {
      const store = await open();
      deepEqual([...(await store.unfinishedMethods())], []);
      await store.create(endedRecord('ended', NOW, { method: '/acme.Jobs/Ended' }));
      const running = await store.create(queuedRecord('1'));
      await store.create(queuedRecord('2'));
      await store.create(queuedRecord('3', { method: OTHER_METHOD }));
      deepEqual([...(await store.unfinishedMethods())].sort(), [METHOD, OTHER_METHOD]);
      await store.compareAndSet(end(running, NOW), 1);
      await store.delete(queuedRecord('2').name);
      deepEqual([...(await store.unfinishedMethods())], [OTHER_METHOD]);
    }),

    testCase('counts records that are not terminal by method and state, if it counts', [], async (open) => {
      const store = await open();
      if (!store.countUnfinished) return;
      deepEqual([...(await store.countUnfinished(10))], []);
      await store.create(endedRecord('ended', NOW));
      const running = await store.create(queuedRecord('1'));
      const cancelling = await store.create(queuedRecord('2'));
      const over = await store.create(queuedRecord('3'));
      await store.create(queuedRecord('4'));
      await store.create(queuedRecord('5'));
      await store.create(queuedRecord('6', { method: OTHER_METHOD }));
      await store.compareAndSet(next(running, { attempt: 1 }), 1);
      await store.compareAndSet(next(cancelling, { attempt: 2, cancelRequestTime: NOW }), 1);
      await store.compareAndSet(end(over, NOW), 1);
      const counts = [...(await store.countUnfinished(10))].map(({ method, state, count }) => [
        method,
        state,
        count,
      ]);
      deepEqual(counts.sort(), [
        [METHOD, 'cancelling', 1],
        [METHOD, 'queued', 2],
        [METHOD, 'running', 1],
        [OTHER_METHOD, 'queued', 1],
      ]);
      const some = [...(await store.countUnfinished(2))];
      equal(
        some.reduce((sum, { count }) => sum + count, 0),
        2,
      );
    }),

    testCase(
      'notifies watchers of every change and deletion, until they stop watching',
      [24],
      async (open) => {
        const store = await open();
        const record = await store.create(queuedRecord('1'));
        let told = 0;
        const stop = store.watch((name) => {
          if (name === undefined || name === record.name) told++;
        });
        await store.compareAndSet(next(record, {}), 1);
        await eventually(() => told >= 1);
        const before = told;
        await store.delete(record.name);
        await eventually(() => told > before);
        stop();
        const after = told;
        let heard = false;
        const stopOther = store.watch(() => {
          heard = true;
        });
        const again = await store.create(queuedRecord('1'));
        await store.compareAndSet(next(again, {}), 1);
        await eventually(() => heard);
        stopOther();
        equal(told, after);
      },
    ),

    testCase('closes any number of times', [], async (open) => {
      const store = await open();
      await store.ready();
      await store.close();
      await store.close();
    }),
  ],
};
