import { deepEqual, equal, match } from 'node:assert/strict';
import { ExportReportResponse, ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { Empty } from '../../generated/google/protobuf/empty.js';
import { ErrorInfo, RetryInfo } from '../../generated/google/rpc/error_details.js';
import { Status } from '../../generated/google/rpc/status.js';
import { pack, typeName, unpack } from '../core/any.js';
import { snapshotOf } from '../core/operation.js';
import { Code, StatusError } from '../core/status.js';
import { settled } from '../testing/clock/manual-clock.js';
import { rejection } from './kit-error.js';
import { assertSame, assertSameOperation, endingOf, metadataOf } from './messages.js';
import { PARENT } from './reports-server.js';
import { type Open, type Topic, testCase } from './test-case.js';

/** Operations from their start to their end. */
export const operation: Topic<Open> = {
  name: 'operation',
  cases: [
    testCase('is named under its parent with an unguessable id', [1], async (open) => {
      const server = await open();
      const names = await Promise.all(
        Array.from({ length: 20 }, async () => (await server.exportReport()).name),
      );
      for (const name of names) match(name, new RegExp(`^${PARENT}/operations/[0-9a-f]{32,}$`));
      equal(new Set(names).size, names.length);
    }),

    testCase('without a parent is plain operations/{id}', [1], async (open) => {
      const server = await open();
      match((await server.exportReport({ parent: '' })).name, /^operations\/[0-9a-f]{32,}$/);
    }),

    testCase('whose parent is malformed is not started', [1, 5, 32], async (open) => {
      const server = await open();
      for (const parent of ['/p', 'p/', 'p//q', 'p/../q', ' p', 'p\u0000q', 'é'.repeat(500)]) {
        const error = await rejection(server.exportReport({ parent }));
        equal(StatusError.from(error).code, Code.INVALID_ARGUMENT);
      }
      deepEqual(server.exports.begun, []);
    }),

    testCase(
      'running has neither error nor response; succeeded has the response alone',
      [2],
      async (open) => {
        const server = await open();
        const started = await server.exportReport({ title: 'sales' });
        equal(endingOf(started), 'running');
        const run = await server.exports.on(started.name);
        deepEqual(run.request, { parent: PARENT, title: 'sales', requestId: '' });
        run.succeed({ uri: 'file:///sales', rowCount: 7 });
        const ended = await server.operations.waitOperation({ name: started.name });
        equal(ended.name, started.name);
        const snapshot = snapshotOf(ended);
        if (snapshot.state !== 'succeeded') throw new Error(`it ${snapshot.state}`);
        deepEqual(unpack(ExportReportResponse, snapshot.response), { uri: 'file:///sales', rowCount: 7 });
      },
    ),

    testCase('succeeded without a response message has an Empty response', [3], async (open) => {
      const server = await open();
      const { name } = await server.purgeReports();
      (await server.purges.on(name)).succeed();
      const { result } = await server.operations.waitOperation({ name });
      if (result?.$case !== 'response') throw new Error('no response');
      deepEqual(unpack(Empty, result.value), {});
    }),

    testCase('never changes after its end, whatever is requested or reported later', [4], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      run.succeed({ uri: 'first' });
      const ended = await server.operations.waitOperation({ name });
      run.succeed({ uri: 'second' });
      run.fail(new Error('too late'));
      await run.context.update({ progressPercent: 99 });
      await server.operations.cancelOperation({ name });
      await settled();
      assertSameOperation(await server.operations.getOperation({ name }), ended);
    }),

    testCase(
      'that cannot start fails the starting call with the complete error, and leaves nothing behind',
      [5],
      async (open) => {
        const details = [pack(RetryInfo, { retryDelay: { seconds: 5, nanos: 0 } })];
        const refusal = new StatusError(
          Code.FAILED_PRECONDITION,
          'report is locked: unlock it first',
          details,
        );
        const onStart = () => {
          throw refusal;
        };
        const server = await open({ exportReport: { onStart } });
        const error = StatusError.from(await rejection(server.exportReport()));
        assertSame(Status, error.toStatus(), refusal.toStatus());
        deepEqual((await server.operations.listOperations({ name: PARENT })).operations, []);
      },
    ),

    testCase(
      'that failed while running has code, message and every detail in its error',
      [5],
      async (open) => {
        const server = await open();
        const { name } = await server.exportReport();
        const details = [
          pack(ErrorInfo, { reason: 'DISK_FULL', domain: 'reports.example.com', metadata: { disk: 'a' } }),
          pack(RetryInfo, { retryDelay: { seconds: 60, nanos: 0 } }),
        ];
        const failure = new StatusError(Code.RESOURCE_EXHAUSTED, 'disk a is full: wait a minute', details);
        (await server.exports.on(name)).fail(failure);
        const { result } = await server.operations.waitOperation({ name });
        if (result?.$case !== 'error') throw new Error('no error');
        assertSame(Status, result.value, failure.toStatus());
      },
    ),

    testCase(
      'has metadata of its method from the start, updated while it runs, kept after its end',
      [6],
      async (open) => {
        const server = await open();
        const started = await server.exportReport();
        equal(typeName(started.metadata ?? { typeUrl: '' }), ReportMetadata.$type);
        equal(metadataOf(started).progressPercent, 0);
        equal(metadataOf(started).cancelRequested, false);
        const { name } = started;
        const run = await server.exports.on(name);
        await run.context.update({ progressPercent: 40 });
        const halfway = metadataOf(await server.operations.getOperation({ name }));
        assertSame(ReportMetadata, halfway, { ...metadataOf(started), progressPercent: 40 });
        run.succeed();
        const ended = metadataOf(await server.operations.waitOperation({ name }));
        assertSame(ReportMetadata, ended, { ...halfway, endTime: new Date(server.manual.now()) });
      },
    ),

    testCase('reports progress in order, awaited or not, and before its end', [6], async (open) => {
      const updates = [10, 20, 30];
      const server = await open({
        exportReport: {
          async run(_request, { update }) {
            for (const progressPercent of updates) update({ progressPercent });
            return {};
          },
        },
      });
      const { name } = await server.exportReport();
      const ended = await server.operations.waitOperation({ name });
      equal(metadataOf(ended).progressPercent, updates.at(-1));
    }),

    testCase('may be returned already done, without starting work', [7], async (open) => {
      const server = await open({ exportReport: { onStart: () => ({ uri: 'cached', rowCount: 1 }) } });
      const started = await server.exportReport();
      equal(endingOf(started), 'response');
      assertSameOperation(await server.operations.getOperation({ name: started.name }), started);
      await settled();
      deepEqual(server.exports.begun, []);
    }),
  ],
};
