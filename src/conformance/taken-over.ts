import { deepEqual, equal, ok } from 'node:assert/strict';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { Code, StatusError } from '../core/status.js';
import type { OperationRecord, OperationStore, RunContext } from '../server/index.js';
import { aroundStore } from '../stores/contract/around-store.js';
import type { WorkHandler } from '../stores/contract/operation-store.js';
import { eventually } from './eventually.js';
import { endingOf, metadataOf } from './messages.js';
import { type Open, type Subject, type Topic, testCase } from './test-case.js';

const RESUMES = { exportReport: { onInterrupted: 'resume' } } as const;

/** Work given to a second server because the first, still running, seemed dead. */
export const takenOver: Topic<Open> = {
  name: 'taken over',
  cases: [
    testCase(
      'by a server that resumes it: the signal of the first aborts, and it reports nothing more',
      [4, 16],
      async (open) => {
        const { first, second, handOver } = await startPair(open, { ...RESUMES, onAbort: 'ignore' });
        const { name } = await first.exportReport();
        const before = await first.exports.on(name);
        const outcome = handOver(name);
        const after = await second.exports.on(name);
        equal(after.context.attempt, 2);
        await expectTakenOver(before.context);
        await before.context.update({ progressPercent: 99 });
        before.succeed({ uri: 'of the first' });
        await eventually(() => first.outcomes.length === 1);
        deepEqual(first.outcomes, ['superseded']);
        const running = await second.operations.getOperation({ name });
        equal(endingOf(running), 'running');
        equal(metadataOf(running).progressPercent, 0);
        after.succeed({ uri: 'of the second' });
        equal(endingOf(await first.operations.waitOperation({ name })), 'response');
        equal(await outcome, 'ended');
      },
    ),

    testCase(
      'by a server that ends it: the signal of the first aborts, and it reports nothing more',
      [4, 16],
      async (open) => {
        const { first, second, handOver } = await startPair(open, { onAbort: 'ignore' });
        const { name } = await first.exportReport();
        const before = await first.exports.on(name);
        equal(await handOver(name), 'ended');
        equal(endingOf(await second.operations.getOperation({ name })), 'ABORTED');
        await expectTakenOver(before.context);
        before.succeed();
        await eventually(() => first.outcomes.length === 1);
        deepEqual(first.outcomes, ['ended']);
        equal(endingOf(await first.operations.getOperation({ name })), 'ABORTED');
      },
    ),

    testCase('a cancel reaches the server that now has it', [12, 16], async (open) => {
      const { first, second, handOver } = await startPair(open, { ...RESUMES, onAbort: 'ignore' });
      const { name } = await first.exportReport();
      await first.exports.on(name);
      const outcome = handOver(name);
      const after = await second.exports.on(name);
      await first.operations.cancelOperation({ name });
      await eventually(() => after.context.signal.aborted);
      after.fail(after.context.signal.reason);
      equal(endingOf(await first.operations.waitOperation({ name })), 'CANCELLED');
      equal(await outcome, 'ended');
    }),

    testCase('by both servers concurrently: one runs it', [16], async (open) => {
      const { first, second, handOver } = await startPair(open, { ...RESUMES, maxRunning: 1 });
      const { name: blocker } = await first.exportReport();
      await first.exports.on(blocker);
      const { name } = await first.exportReport();
      const outcome = handOver(name);
      const run = await second.exports.on(name);
      equal(run.context.attempt, 1);
      run.succeed();
      equal(endingOf(await first.operations.waitOperation({ name })), 'response');
      equal(await outcome, 'ended');
      (await first.exports.on(blocker)).succeed();
      await first.operations.waitOperation({ name: blocker });
      deepEqual(first.exports.begun, [blocker]);
    }),
  ],
};

interface Pair {
  readonly first: Subject & { readonly outcomes: readonly string[] };
  readonly second: Subject;
  /** Gives the second server the work on an operation. Resolves to its outcome. */
  handOver(name: string): ReturnType<WorkHandler>;
}

/** Starts two servers with one store, which hands work only to the first. */
async function startPair(open: Open, options: Parameters<Open>[0]): Promise<Pair> {
  let shared: OperationStore | undefined;
  let handler: WorkHandler = () => Promise.reject(new Error('the second server consumes no work'));
  const outcomes: string[] = [];
  const first = await open({
    ...options,
    around: (store) => {
      shared = store;
      return viewOf(store, {
        consume: (handle, consuming) =>
          store.consume(async (record) => {
            const outcome = await handle(record);
            outcomes.push(outcome);
            return outcome;
          }, consuming),
      });
    },
  });
  const second = await open({
    ...options,
    around: (own) =>
      viewOf(shared ?? own, {
        consume: (handle) => {
          handler = handle;
          return { stop: () => {} };
        },
        close: () => own.close(),
      }),
  });
  return {
    first: { ...first, outcomes },
    second,
    handOver: async (name) => handler((await shared?.get(name)) as OperationRecord),
  };
}

function viewOf(store: OperationStore, different: Partial<OperationStore>): OperationStore {
  return { ...aroundStore(store, (_call, proceed) => proceed()), ...different };
}

async function expectTakenOver(context: RunContext<unknown>): Promise<void> {
  const { signal } = context;
  await eventually(() => signal.aborted);
  equal(context.stopReason, 'superseded');
  const { reason } = signal;
  ok(reason instanceof StatusError);
  equal(reason.code, Code.ABORTED);
  equal(reason.detail(ErrorInfo)?.reason, 'WORK_TAKEN_OVER');
}
