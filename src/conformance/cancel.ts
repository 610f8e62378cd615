import { deepEqual, equal } from 'node:assert/strict';
import { Metadata } from '@grpc/grpc-js';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import type { OperationsApi } from '../core/operations-api.js';
import { onAbort } from '../core/signals.js';
import { Code, StatusError } from '../core/status.js';
import type { OperationRecord, OperationStore } from '../server/index.js';
import { aroundStore } from '../stores/contract/around-store.js';
import { settled } from '../testing/clock/manual-clock.js';
import { eventually } from './eventually.js';
import { expectKitError, rejection } from './kit-error.js';
import { assertSameOperation, endingOf, metadataOf } from './messages.js';
import { PARENT } from './reports-server.js';
import { type Open, type Topic, testCase } from './test-case.js';

const HONORED_BY: readonly (readonly [string, (reason: unknown) => unknown])[] = [
  ['an AbortError, as functions of Node throw', () => new DOMException('aborted', 'AbortError')],
  ['an error with the reason as its cause', (cause) => new Error('query aborted', { cause })],
  ['the error of a gRPC call that was cancelled', () => serviceError(Code.CANCELLED)],
];

/** CancelOperation, and its effect on the work. */
export const cancel: Topic<Open> = {
  name: 'cancel',
  cases: [
    testCase('answers without waiting for the work to react', [10, 14], async (open) => {
      const server = await open({ onAbort: 'ignore' });
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      await server.operations.cancelOperation({ name });
      const pending = await server.operations.getOperation({ name });
      equal(endingOf(pending), 'running');
      equal(metadataOf(pending).cancelRequested, true);
      await eventually(() => run.context.signal.aborted);
    }),

    testCase('honored: kept, done, error code 1, no response', [11], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      await server.exports.on(name);
      await server.operations.cancelOperation({ name });
      const ended = await server.operations.waitOperation({ name });
      equal(ended.name, name);
      equal(endingOf(ended), 'CANCELLED');
      assertSameOperation(await server.operations.getOperation({ name }), ended);
    }),

    ...HONORED_BY.map(([how, thrownFor]) =>
      testCase<Open>(`honored by ${how}: error code 1`, [11], async (open) => {
        const begun = Promise.withResolvers<void>();
        const server = await open({
          exportReport: {
            run: (_request, { signal }) =>
              new Promise((_resolve, reject) => {
                onAbort(signal, (reason) => reject(thrownFor(reason)));
                begun.resolve();
              }),
          },
        });
        const { name } = await server.exportReport();
        await begun.promise;
        await server.operations.cancelOperation({ name });
        equal(endingOf(await server.operations.waitOperation({ name })), 'CANCELLED');
        deepEqual(server.logged, []);
      }),
    ),

    testCase('an unrelated error after the request is what is reported', [12, 33], async (open) => {
      const server = await open({ onAbort: 'ignore' });
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      await server.operations.cancelOperation({ name });
      run.fail(serviceError(Code.UNAVAILABLE));
      equal(endingOf(await server.operations.waitOperation({ name })), 'UNKNOWN');
      equal(server.logged.length, 1);
    }),

    testCase('ignored: the response is what is reported', [12], async (open) => {
      const server = await open({ onAbort: 'ignore' });
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      await server.operations.cancelOperation({ name });
      run.succeed({ uri: 'all the same' });
      const ended = await server.operations.waitOperation({ name });
      equal(endingOf(ended), 'response');
      equal(metadataOf(ended).cancelRequested, true);
    }),

    testCase('answered by another error: that error is what is reported', [12], async (open) => {
      const server = await open({ onAbort: 'ignore' });
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      await server.operations.cancelOperation({ name });
      run.fail(new StatusError(Code.DATA_LOSS, 'file was half written: export again'));
      equal(endingOf(await server.operations.waitOperation({ name })), 'DATA_LOSS');
    }),

    testCase('repeated: OK, and the first request counts', [13], async (open) => {
      const server = await open({ onAbort: 'ignore' });
      const { name } = await server.exportReport();
      await server.exports.on(name);
      await server.operations.cancelOperation({ name });
      const once = await server.operations.getOperation({ name });
      await server.manual.advance(1000);
      await server.operations.cancelOperation({ name });
      assertSameOperation(await server.operations.getOperation({ name }), once);
    }),

    ...(['succeeded', 'failed', 'cancelled'] as const).map((ending) =>
      testCase<Open>(`already ${ending}: OK, unchanged`, [13], async (open) => {
        const server = await open();
        const { name } = await server.exportReport();
        const run = await server.exports.on(name);
        if (ending === 'succeeded') run.succeed();
        if (ending === 'failed') run.fail(new StatusError(Code.ABORTED, 'lost a race: try again'));
        if (ending === 'cancelled') await server.operations.cancelOperation({ name });
        const ended = await server.operations.waitOperation({ name });
        await server.operations.cancelOperation({ name });
        assertSameOperation(await server.operations.getOperation({ name }), ended);
      }),
    ),

    testCase(
      'shows in the metadata while pending, through updates, and after the end',
      [14],
      async (open) => {
        const server = await open({ onAbort: 'ignore' });
        const { name } = await server.exportReport();
        const run = await server.exports.on(name);
        await server.operations.cancelOperation({ name });
        await run.context.update({ progressPercent: 70 });
        const pending = metadataOf(await server.operations.getOperation({ name }));
        equal(pending.cancelRequested, true);
        equal(pending.progressPercent, 70);
        await run.context.update({ progressPercent: 80, cancelRequested: false });
        equal(metadataOf(await server.operations.getOperation({ name })).cancelRequested, true);
        await eventually(() => run.context.signal.aborted);
        run.fail(run.context.signal.reason);
        const ended = await server.operations.waitOperation({ name });
        equal(endingOf(ended), 'CANCELLED');
        equal(metadataOf(ended).cancelRequested, true);
        equal(metadataOf(ended).progressPercent, 80);
      },
    ),

    testCase('method that cannot be cancelled: UNIMPLEMENTED, and it continues', [15], async (open) => {
      const server = await open();
      const started = await server.purgeReports();
      const { name } = started;
      const run = await server.purges.on(name);
      const reason = 'CANCEL_UNSUPPORTED';
      await expectKitError(server.operations.cancelOperation({ name }), Code.UNIMPLEMENTED, { reason });
      await settled();
      equal(run.context.signal.aborted, false);
      assertSameOperation(await server.operations.getOperation({ name }), started);
      run.succeed();
      const ended = await server.operations.waitOperation({ name });
      equal(endingOf(ended), 'response');
      await server.operations.cancelOperation({ name });
      assertSameOperation(await server.operations.getOperation({ name }), ended);
    }),

    testCase('queued: done immediately, and it never runs', [17], async (open) => {
      const server = await open({ maxRunning: 1 });
      const first = await server.exportReport();
      const queued = await server.exportReport();
      const last = await server.exportReport();
      await server.exports.on(first.name);
      await server.operations.cancelOperation({ name: queued.name });
      const ended = await server.operations.getOperation({ name: queued.name });
      equal(endingOf(ended), 'CANCELLED');
      equal(metadataOf(ended).cancelRequested, true);
      (await server.exports.on(first.name)).succeed();
      (await server.exports.on(last.name)).succeed();
      await server.operations.waitOperation({ name: last.name });
      deepEqual(server.exports.begun, [first.name, last.name]);
      assertSameOperation(await server.operations.getOperation({ name: queued.name }), ended);
    }),

    testCase('is not implied by a client that leaves a wait', [18], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      const leaving = new AbortController();
      const gone = new Error('gone');
      const waited = rejection(server.operations.waitOperation({ name }, { signal: leaving.signal }));
      await server.manual.whenArmed(1);
      leaving.abort(gone);
      equal(await waited, gone);
      await settled();
      equal(run.context.signal.aborted, false);
      const running = await server.operations.getOperation({ name });
      equal(endingOf(running), 'running');
      equal(metadataOf(running).cancelRequested, false);
      run.succeed();
      equal(endingOf(await server.operations.waitOperation({ name })), 'response');
    }),
  ],
};

/** Error with which a grpc-js client rejects. */
function serviceError(code: Code): Error {
  return Object.assign(new Error('from a server behind'), {
    code,
    details: 'from a server behind',
    metadata: new Metadata(),
  });
}

/** Concurrent cancellation and completion. */
export const cancelRaces: Topic<Open> = {
  name: 'cancel',
  cases: [
    testCase('completion recorded first: it stays, and the cancel is OK', [16], async (open) => {
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

    testCase(
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

    testCase(
      'concurrent with completion, repeatedly: one winner, every reader agrees',
      [16],
      async (open) => {
        const server = await open({ maxRunning: 50 });
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

    testCase(
      'between the start of work and the reply of the store: the signal aborts',
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

    testCase(
      'concurrent with the start of queued work: cancelled, or started with an aborted signal',
      [16, 17],
      async (open) => {
        const server = await open({ maxRunning: 50 });
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
  /** True while a write is held back. */
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
