import { deepEqual, equal } from 'node:assert/strict';
import { Metadata } from '@grpc/grpc-js';
import { onAbort } from '../core/signals.js';
import { Code, StatusError } from '../core/status.js';
import { settled } from '../testing/clock/manual-clock.js';
import { eventually } from './eventually.js';
import { expectKitError, rejection } from './kit-error.js';
import { line, type Open, type Topic } from './line.js';
import { assertSameOperation, endingOf, metadataOf } from './messages.js';

const HONOURED_BY: readonly (readonly [string, (reason: unknown) => unknown])[] = [
  ['an AbortError, as functions of Node throw', () => new DOMException('aborted', 'AbortError')],
  ['an error with the reason as its cause', (cause) => new Error('query aborted', { cause })],
  ['the error of a gRPC call that was cancelled', () => serviceError(Code.CANCELLED)],
];

/** CancelOperation, and what becomes of work that it is asked for. */
export const cancel: Topic<Open> = {
  name: 'cancel',
  lines: [
    line('answers without waiting for the work to heed it', [10, 14], async (open) => {
      const server = await open({ onAbort: 'ignore' });
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      await server.operations.cancelOperation({ name });
      const pending = await server.operations.getOperation({ name });
      equal(endingOf(pending), 'running');
      equal(metadataOf(pending).cancelRequested, true);
      await eventually(() => run.context.signal.aborted);
    }),

    line('honoured: kept, done, error code 1, no response', [11], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      await server.exports.on(name);
      await server.operations.cancelOperation({ name });
      const ended = await server.operations.waitOperation({ name });
      equal(ended.name, name);
      equal(endingOf(ended), 'CANCELLED');
      assertSameOperation(await server.operations.getOperation({ name }), ended);
    }),

    ...HONOURED_BY.map(([how, thrownFor]) =>
      line<Open>(`honoured by ${how}: error code 1`, [11], async (open) => {
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

    line('an unrelated error after the request is what is reported', [12, 33], async (open) => {
      const server = await open({ onAbort: 'ignore' });
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      await server.operations.cancelOperation({ name });
      run.fail(serviceError(Code.UNAVAILABLE));
      equal(endingOf(await server.operations.waitOperation({ name })), 'UNKNOWN');
      equal(server.logged.length, 1);
    }),

    line('ignored: the response is what is reported', [12], async (open) => {
      const server = await open({ onAbort: 'ignore' });
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      await server.operations.cancelOperation({ name });
      run.succeed({ uri: 'all the same' });
      const ended = await server.operations.waitOperation({ name });
      equal(endingOf(ended), 'response');
      equal(metadataOf(ended).cancelRequested, true);
    }),

    line('answered by another error: that error is what is reported', [12], async (open) => {
      const server = await open({ onAbort: 'ignore' });
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      await server.operations.cancelOperation({ name });
      run.fail(new StatusError(Code.DATA_LOSS, 'file was half written: export again'));
      equal(endingOf(await server.operations.waitOperation({ name })), 'DATA_LOSS');
    }),

    line('asked again: OK, and the first request stays the one that counts', [13], async (open) => {
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
      line<Open>(`already ${ending}: OK, unchanged`, [13], async (open) => {
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

    line('shows in the metadata while pending, through updates, and after the end', [14], async (open) => {
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
    }),

    line('method that cannot be cancelled: UNIMPLEMENTED, and it goes on untouched', [15], async (open) => {
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

    line('queued: done at once, and it never runs', [17], async (open) => {
      const server = await open({ concurrency: 1 });
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

    line('is not what a client means that goes away from a wait', [18], async (open) => {
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

/** What a grpc-js client rejects with. */
function serviceError(code: Code): Error {
  return Object.assign(new Error('from a server behind'), {
    code,
    details: 'from a server behind',
    metadata: new Metadata(),
  });
}
