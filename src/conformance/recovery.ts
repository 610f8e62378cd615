import { deepEqual, equal } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { Code, StatusError } from '../core/status.js';
import { implement } from '../server/index.js';
import { aroundStore } from '../stores/contract/around-store.js';
import { settled } from '../testing/clock/manual-clock.js';
import { eventually } from './eventually.js';
import { expectKitError } from './kit-error.js';
import { assertSameOperation, endingOf, metadataOf } from './messages.js';
import { PARENT } from './reports-server.js';
import {
  type OpenRestartable,
  type RestartableSubject,
  type Subject,
  type Topic,
  testCase,
} from './test-case.js';

const RESUMES = { exportReport: { onInterrupted: 'resume' } } as const;

/** Operations of a server that died, on the server that replaces it. */
export const recovery: Topic<OpenRestartable> = {
  name: 'recovery',
  cases: [
    testCase('acknowledged operations exist unchanged', [4], async (open) => {
      const first = await open();
      const ended = await begin(first);
      (await first.exports.on(ended)).succeed({ uri: 'kept' });
      const before = await first.operations.waitOperation({ name: ended });
      const second = await first.restart();
      assertSameOperation(await second.operations.getOperation({ name: ended }), before);
      const { operations } = await second.operations.listOperations({ name: PARENT });
      deepEqual(
        operations.map(({ name }) => name),
        [ended],
      );
      equal(second.exports.begun.length, 0);
    }),

    testCase(
      'abort: ends with ABORTED and an ErrorInfo with the reason, and the work does not start',
      [19],
      async (open) => {
        const first = await open();
        const name = await begin(first, { progressPercent: 60 });
        const second = await first.restart();
        const ended = await second.operations.waitOperation({ name });
        expectInterrupted(ended);
        equal(metadataOf(ended).progressPercent, 60);
        deepEqual(second.exports.begun, []);
      },
    ),

    testCase(
      'resume: runs again with an incremented attempt, the request and the metadata',
      [6],
      async (open) => {
        const first = await open(RESUMES);
        const { name } = await first.exportReport({ title: 'sales' });
        const before = await first.exports.on(name);
        equal(before.context.attempt, 1);
        await before.context.update({ progressPercent: 60 });
        const second = await first.restart(RESUMES);
        const { request, context, succeed } = await second.exports.on(name);
        equal(request.title, 'sales');
        equal(context.attempt, 2);
        equal(context.metadata.progressPercent, 60);
        equal(context.signal.aborted, false);
        succeed({ uri: 'in the end' });
        equal(endingOf(await second.operations.waitOperation({ name })), 'response');
      },
    ),

    testCase('resume: at most maxResumes times, then ABORTED', [4], async (open) => {
      const options = { exportReport: { onInterrupted: 'resume', maxResumes: 2 } } as const;
      let server = await open(options);
      const { name } = await server.exportReport();
      for (let attempt = 1; attempt <= 3; attempt++) {
        equal((await server.exports.on(name)).context.attempt, attempt);
        server = await server.restart(options);
      }
      expectInterrupted(await server.operations.waitOperation({ name }));
      deepEqual(server.exports.begun, []);
    }),

    testCase('queued work runs in the order of its creation', [], async (open) => {
      const first = await open({ maxRunning: 1 });
      const running = await begin(first);
      const queued = [(await first.exportReport()).name, (await first.exportReport()).name];
      const second = await first.restart({ maxRunning: 1 });
      // A store may take time to detect that a worker died; queued work does not wait for that.
      for (const name of queued) {
        const run = await second.exports.on(name);
        equal(run.context.attempt, 1);
        run.succeed();
        equal(endingOf(await second.operations.waitOperation({ name })), 'response');
      }
      expectInterrupted(await second.operations.waitOperation({ name: running }));
      deepEqual(second.exports.begun, queued);
    }),

    testCase('queued work runs once its method is added to the server', [], async (open) => {
      const first = await open({ serves: ['exportReport', 'purgeReports'], maxRunning: 1 });
      await begin(first);
      const { name } = await first.purgeReports();
      const second = await first.restart({ serves: ['exportReport'] });
      await settled();
      equal((await second.operations.getOperation({ name })).done, false);
      second.kit.add(implement(ReportsOperations.purgeReports, { cancellable: false, run: () => ({}) }));
      equal(endingOf(await second.operations.waitOperation({ name })), 'response');
    }),

    testCase('a cancel requested before: abort settles as CANCELLED', [11, 14, 19], async (open) => {
      const first = await open({ onAbort: 'ignore' });
      const name = await begin(first);
      await first.operations.cancelOperation({ name });
      const second = await first.restart();
      const ended = await second.operations.waitOperation({ name });
      equal(endingOf(ended), 'CANCELLED');
      equal(metadataOf(ended).cancelRequested, true);
      deepEqual(second.exports.begun, []);
    }),

    testCase(
      'a cancel requested before: resume runs with a signal that has aborted',
      [12, 14, 19],
      async (open) => {
        const options = { ...RESUMES, onAbort: 'ignore' } as const;
        const first = await open(options);
        const name = await begin(first);
        const other = await begin(first);
        for (const each of [name, other]) await first.operations.cancelOperation({ name: each });
        const second = await first.restart(options);
        const run = await second.exports.on(name);
        equal(run.context.signal.aborted, true);
        equal(run.context.metadata.cancelRequested, true);
        run.fail(run.context.signal.reason);
        equal(endingOf(await second.operations.waitOperation({ name })), 'CANCELLED');
        (await second.exports.on(other)).succeed();
        equal(endingOf(await second.operations.waitOperation({ name: other })), 'response');
      },
    ),

    testCase('a cancel requested before the last attempt: CANCELLED if none is left', [19], async (open) => {
      const options = {
        exportReport: { onInterrupted: 'resume', maxResumes: 0 },
        onAbort: 'ignore',
      } as const;
      const first = await open(options);
      const name = await begin(first);
      await first.operations.cancelOperation({ name });
      const second = await first.restart(options);
      equal(endingOf(await second.operations.waitOperation({ name })), 'CANCELLED');
    }),

    testCase('queued work that was cancelled never runs', [17, 19], async (open) => {
      const first = await open({ ...RESUMES, maxRunning: 1 });
      await begin(first);
      const { name } = await first.exportReport();
      await first.operations.cancelOperation({ name });
      const cancelled = await first.operations.getOperation({ name });
      const second = await first.restart(RESUMES);
      const last = await begin(second);
      (await second.exports.on(last)).succeed();
      await second.operations.waitOperation({ name: last });
      assertSameOperation(await second.operations.getOperation({ name }), cancelled);
      equal(second.exports.begun.includes(name), false);
    }),

    testCase(
      'a deleted operation stays deleted, and its record is removed when its work ends',
      [20],
      async (open) => {
        const first = await open(RESUMES);
        const name = await begin(first);
        await first.operations.deleteOperation({ name });
        const gone: string[] = [];
        const second = await first.restart({ ...RESUMES, around: deletionsTo(gone) });
        const run = await second.exports.on(name);
        await expectKitError(second.operations.getOperation({ name }), Code.NOT_FOUND);
        deepEqual((await second.operations.listOperations({ name: PARENT })).operations, []);
        run.succeed();
        await eventually(() => gone.includes(name));
        await expectKitError(second.operations.getOperation({ name }), Code.NOT_FOUND);
      },
    ),

    testCase(
      'a deleted operation that is not resumed: its record is removed immediately',
      [20],
      async (open) => {
        const first = await open();
        const name = await begin(first);
        await first.operations.deleteOperation({ name });
        const gone: string[] = [];
        const second = await first.restart({ around: deletionsTo(gone) });
        await eventually(() => gone.includes(name));
        deepEqual(second.exports.begun, []);
      },
    ),

    testCase('work of an unimplemented method is left alone and reported', [], async (open) => {
      const first = await open({ maxRunning: 1 });
      const { name: purge } = await first.purgeReports();
      await first.purges.on(purge);
      const { name: queued } = await first.purgeReports();
      const second = await first.restart({ serves: ['exportReport'] });
      await second.kit.ready();
      deepEqual(
        second.logged.map(({ facts }) => String(facts.methods)),
        ['/example.reports.v1.Reports/PurgeReports'],
      );
      const ended = await begin(second);
      (await second.exports.on(ended)).succeed();
      await second.operations.waitOperation({ name: ended });
      for (const name of [purge, queued]) {
        equal(endingOf(await second.operations.getOperation({ name })), 'running');
      }
      const third = await second.restart();
      await third.kit.ready();
      deepEqual(third.logged, []);
      expectInterrupted(await third.operations.waitOperation({ name: purge }));
      (await third.purges.on(queued)).succeed();
      equal(endingOf(await third.operations.waitOperation({ name: queued })), 'response');
    }),

    testCase('later actions of the dead server have no effect', [4], async (open) => {
      const first = await open(RESUMES);
      const name = await begin(first);
      const before = await first.exports.on(name);
      const second = await first.restart(RESUMES);
      const run = await second.exports.on(name);
      before.context.update({ progressPercent: 99 }).catch(() => {});
      before.succeed({ uri: 'too late' });
      await settled();
      const running = await second.operations.getOperation({ name });
      equal(endingOf(running), 'running');
      equal(metadataOf(running).progressPercent, 0);
      run.fail(new StatusError(Code.DATA_LOSS, 'half of it is missing: export again'));
      equal(endingOf(await second.operations.waitOperation({ name })), 'DATA_LOSS');
    }),

    testCase('a request id keeps its operation', [8], async (open) => {
      const first = await open(RESUMES);
      const request = { requestId: randomUUID(), title: 'sales' };
      const { name } = await first.exportReport(request);
      const second = await first.restart(RESUMES);
      equal((await second.exportReport(request)).name, name);
      const other = second.exportReport({ ...request, title: 'costs' });
      await expectKitError(other, Code.INVALID_ARGUMENT, { field: 'request_id' });
    }),

    testCase('page tokens stay valid if the secret is shared', [27, 28], async (open) => {
      const pageTokenSecret = 'known to both';
      const first = await open({ pageTokenSecret, maxRunning: 1 });
      const names: string[] = [];
      for (let count = 0; count < 5; count++) names.unshift((await first.exportReport()).name);
      const page = await first.operations.listOperations({ name: PARENT, pageSize: 2 });
      const second = await first.restart({ pageTokenSecret, maxRunning: 1 });
      await second.exportReport();
      const pageToken = page.nextPageToken;
      const rest = await second.operations.listOperations({ name: PARENT, pageSize: 10, pageToken });
      deepEqual(
        rest.operations.map(({ name }) => name),
        names.slice(2),
      );
    }),

    testCase('a graceful close leaves resumable work to the next server unchanged', [19], async (open) => {
      const first = await open(RESUMES);
      const name = await begin(first, { progressPercent: 40 });
      await first.kit.close({ graceMs: 0 });
      const second = await first.restart(RESUMES);
      const run = await second.exports.on(name);
      equal(run.context.attempt, 2);
      equal(run.context.metadata.progressPercent, 40);
      run.succeed();
      equal(endingOf(await second.operations.waitOperation({ name })), 'response');
    }),

    testCase(
      'a graceful close ends other work with ABORTED, and leaves queued work',
      [17, 19],
      async (open) => {
        const first = await open({ maxRunning: 1 });
        const name = await begin(first);
        const { name: queued } = await first.exportReport();
        await first.kit.close({ graceMs: 0 });
        const second = await first.restart();
        expectInterrupted(await second.operations.getOperation({ name }));
        const run = await second.exports.on(queued);
        equal(run.context.attempt, 1);
      },
    ),
  ],
};

/** Starts an operation. Resolves to its name once its work has started. */
async function begin(
  server: Subject | RestartableSubject,
  progress?: { readonly progressPercent: number },
): Promise<string> {
  const { name } = await server.exportReport();
  const run = await server.exports.on(name);
  if (progress) await run.context.update(progress);
  return name;
}

/** Records the names of deleted records. */
function deletionsTo(gone: string[]) {
  return (store: Parameters<typeof aroundStore>[0]) =>
    aroundStore(store, async ({ method, name }, proceed) => {
      const answer = await proceed();
      if (method === 'delete') gone.push(name);
      return answer;
    });
}

function expectInterrupted(ended: Operation): void {
  equal(endingOf(ended), 'ABORTED');
  if (ended.result?.$case !== 'error') throw new Error('no error');
  equal(StatusError.from(ended.result.value).detail(ErrorInfo)?.reason, 'OPERATION_INTERRUPTED');
}
