import { Metadata } from '@grpc/grpc-js';
import { expect, it } from '@jest/globals';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import type { OperationsApi } from '../../src/operations-api.js';
import { onAbort } from '../../src/signals.js';
import { Code, StatusError } from '../../src/status.js';
import type { OperationStore } from '../../src/stores/operation-store.js';
import { aroundStore } from '../helpers/around-store.js';
import { settled } from '../helpers/manual-clock.js';
import { expectKitError } from '../helpers/rejection.js';
import { PARENT } from '../helpers/reports-server.js';
import { metadataOf, onEveryServer } from './every-server.js';

onEveryServer('cancel', (open) => {
  it('answers without waiting for the work to heed it (contract 10, 14)', async () => {
    await using server = await open({ onAbort: 'ignore' });
    const { name } = await server.exportReport();
    const run = await server.exports.on(name);
    await server.operations.cancelOperation({ name });
    const pending = await server.operations.getOperation({ name });
    expect(pending.done).toBe(false);
    expect(metadataOf(pending).cancelRequested).toBe(true);
    await settled();
    expect(run.context.signal.aborted).toBe(true);
  });

  it('honoured: kept, done, error code 1, no response (contract 11)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    await server.exports.on(name);
    await server.operations.cancelOperation({ name });
    const ended = await server.operations.waitOperation({ name });
    expect(ended).toMatchObject({ name, done: true, result: { $case: 'error', value: { code: 1 } } });
    expect(await server.operations.getOperation({ name })).toEqual(ended);
  });

  it.each<[string, (reason: unknown) => unknown]>([
    ['an AbortError, as functions of Node throw', () => new DOMException('aborted', 'AbortError')],
    ['an error with the reason as its cause', (cause) => new Error('query aborted', { cause })],
    ['the error of a gRPC call that was cancelled', () => serviceError(Code.CANCELLED)],
  ])('honoured by %s: error code 1 (contract 11)', async (_, thrownFor) => {
    await using server = await open({
      exportReport: {
        run: (_request, { signal }) =>
          new Promise((_resolve, reject) => {
            onAbort(signal, (reason) => reject(thrownFor(reason)));
          }),
      },
    });
    const { name } = await server.exportReport();
    await settled();
    await server.operations.cancelOperation({ name });
    expect(codeOf(await server.operations.waitOperation({ name }))).toBe(Code.CANCELLED);
    expect(server.logged).toEqual([]);
  });

  it('an unrelated error after the request is what is reported (contract 12, 33)', async () => {
    await using server = await open({ onAbort: 'ignore' });
    const { name } = await server.exportReport();
    const run = await server.exports.on(name);
    await server.operations.cancelOperation({ name });
    run.fail(serviceError(Code.UNAVAILABLE));
    expect(codeOf(await server.operations.waitOperation({ name }))).toBe(Code.UNKNOWN);
    expect(server.logged).toHaveLength(1);
  });

  it('ignored: the response is what is reported (contract 12)', async () => {
    await using server = await open({ onAbort: 'ignore' });
    const { name } = await server.exportReport();
    const run = await server.exports.on(name);
    await server.operations.cancelOperation({ name });
    run.succeed({ uri: 'all the same' });
    const ended = await server.operations.waitOperation({ name });
    expect(ended).toMatchObject({ done: true, result: { $case: 'response' } });
    expect(metadataOf(ended).cancelRequested).toBe(true);
  });

  it('answered by another error: that error is what is reported (contract 12)', async () => {
    await using server = await open({ onAbort: 'ignore' });
    const { name } = await server.exportReport();
    const run = await server.exports.on(name);
    await server.operations.cancelOperation({ name });
    run.fail(new StatusError(Code.DATA_LOSS, 'file was half written: export again'));
    expect(codeOf(await server.operations.waitOperation({ name }))).toBe(Code.DATA_LOSS);
  });

  it('asked again: OK, and the first request stays the one that counts (contract 13)', async () => {
    await using server = await open({ onAbort: 'ignore' });
    const { name } = await server.exportReport();
    await server.exports.on(name);
    await server.operations.cancelOperation({ name });
    const once = await server.operations.getOperation({ name });
    await server.manual.advance(1000);
    await server.operations.cancelOperation({ name });
    expect(await server.operations.getOperation({ name })).toEqual(once);
  });

  it.each(['succeeded', 'failed', 'cancelled'])('already %s: OK, unchanged (contract 13)', async (ending) => {
    await using server = await open();
    const { name } = await server.exportReport();
    const run = await server.exports.on(name);
    if (ending === 'succeeded') run.succeed();
    if (ending === 'failed') run.fail(new StatusError(Code.ABORTED, 'lost a race: try again'));
    if (ending === 'cancelled') await server.operations.cancelOperation({ name });
    const ended = await server.operations.waitOperation({ name });
    await server.operations.cancelOperation({ name });
    expect(await server.operations.getOperation({ name })).toEqual(ended);
  });

  it('shows in the metadata while pending, through updates, and after the end (contract 14)', async () => {
    await using server = await open({ onAbort: 'ignore' });
    const { name } = await server.exportReport();
    const run = await server.exports.on(name);
    await server.operations.cancelOperation({ name });
    await run.context.update({ progressPercent: 70 });
    const pending = metadataOf(await server.operations.getOperation({ name }));
    expect(pending).toMatchObject({ cancelRequested: true, progressPercent: 70 });
    await run.context.update({ progressPercent: 80, cancelRequested: false });
    expect(metadataOf(await server.operations.getOperation({ name })).cancelRequested).toBe(true);
    run.fail(run.context.signal.reason);
    const ended = await server.operations.waitOperation({ name });
    expect(codeOf(ended)).toBe(Code.CANCELLED);
    expect(metadataOf(ended)).toMatchObject({ cancelRequested: true, progressPercent: 80 });
  });

  it('method that cannot be cancelled: UNIMPLEMENTED, and it goes on untouched (contract 15)', async () => {
    await using server = await open();
    const started = await server.purgeReports();
    const { name } = started;
    const run = await server.purges.on(name);
    const reason = 'CANCEL_UNSUPPORTED';
    await expectKitError(server.operations.cancelOperation({ name }), Code.UNIMPLEMENTED, { reason });
    await settled();
    expect(run.context.signal.aborted).toBe(false);
    expect(await server.operations.getOperation({ name })).toEqual(started);
    run.succeed();
    const ended = await server.operations.waitOperation({ name });
    expect(ended).toMatchObject({ done: true, result: { $case: 'response' } });
    await server.operations.cancelOperation({ name });
    expect(await server.operations.getOperation({ name })).toEqual(ended);
  });

  it('completion recorded first: it stays, and the cancel is OK (contract 16)', async () => {
    const gate = Promise.withResolvers<void>();
    let held = false;
    await using server = await open({
      onAbort: 'ignore',
      around: holdWrites(({ result }) => result === undefined && held, gate.promise),
    });
    const { name } = await server.exportReport();
    const run = await server.exports.on(name);
    held = true;
    const cancelled = server.operations.cancelOperation({ name });
    await settled();
    run.succeed({ uri: 'won' });
    const ended = await server.operations.waitOperation({ name });
    gate.resolve();
    await cancelled;
    await expectAgreement(server.operations, ended);
    expect(metadataOf(ended).cancelRequested).toBe(false);
  });

  it('cancel recorded first: the completion still counts, and every reader agrees (contract 12, 16)', async () => {
    const gate = Promise.withResolvers<void>();
    await using server = await open({
      onAbort: 'ignore',
      around: holdWrites(({ result }) => result?.$case === 'response', gate.promise),
    });
    const { name } = await server.exportReport();
    (await server.exports.on(name)).succeed({ uri: 'late' });
    await settled();
    await server.operations.cancelOperation({ name });
    gate.resolve();
    const ended = await server.operations.waitOperation({ name });
    expect(ended.result?.$case).toBe('response');
    expect(metadataOf(ended).cancelRequested).toBe(true);
    await expectAgreement(server.operations, ended);
  });

  it('at the very moment of completion, many times over: one winner, every reader agrees (contract 16)', async () => {
    await using server = await open({ concurrency: Number.POSITIVE_INFINITY });
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
      const ended = await server.operations.waitOperation({ name });
      expect(ended.done).toBe(true);
      await expectAgreement(server.operations, ended);
    }
  });

  it('queued: done at once, and it never runs (contract 17)', async () => {
    await using server = await open({ concurrency: 1 });
    const first = await server.exportReport();
    const queued = await server.exportReport();
    const last = await server.exportReport();
    await server.operations.cancelOperation({ name: queued.name });
    const ended = await server.operations.getOperation({ name: queued.name });
    expect(codeOf(ended)).toBe(Code.CANCELLED);
    expect(metadataOf(ended).cancelRequested).toBe(true);
    (await server.exports.on(first.name)).succeed();
    (await server.exports.on(last.name)).succeed();
    await server.operations.waitOperation({ name: last.name });
    expect(server.exports.begun).toEqual([first.name, last.name]);
    expect(await server.operations.getOperation({ name: queued.name })).toEqual(ended);
  });

  it('is not what a client means that goes away from a wait (contract 18)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const run = await server.exports.on(name);
    const leaving = new AbortController();
    const waited = server.operations.waitOperation({ name }, { signal: leaving.signal });
    await server.manual.whenArmed(1);
    leaving.abort(new Error('gone'));
    await expect(waited).rejects.toThrow('gone');
    await settled();
    expect(run.context.signal.aborted).toBe(false);
    const running = await server.operations.getOperation({ name });
    expect(running.done).toBe(false);
    expect(metadataOf(running).cancelRequested).toBe(false);
    run.succeed();
    expect((await server.operations.waitOperation({ name })).result?.$case).toBe('response');
  });
});

/** Holds every write back, before it reaches the store, for which `isHeld` says so. */
function holdWrites(
  isHeld: (record: Parameters<OperationStore['compareAndSet']>[0]) => boolean,
  until: Promise<void>,
) {
  return (store: OperationStore): OperationStore => ({
    ...aroundStore(store, (_call, proceed) => proceed()),
    async compareAndSet(record, expectedVersion) {
      if (isHeld(record)) await until;
      return store.compareAndSet(record, expectedVersion);
    },
  });
}

async function expectAgreement(operations: OperationsApi, ended: Operation): Promise<void> {
  const { name } = ended;
  expect(await operations.getOperation({ name })).toEqual(ended);
  expect(await operations.waitOperation({ name })).toEqual(ended);
  const { operations: listed } = await operations.listOperations({ name: PARENT, pageSize: 1000 });
  expect(listed.find((operation) => operation.name === name)).toEqual(ended);
}

function codeOf({ result }: Operation): number | undefined {
  return result?.$case === 'error' ? result.value.code : undefined;
}

/** What a grpc-js client rejects with. */
function serviceError(code: Code): Error {
  return Object.assign(new Error('from a server behind'), {
    code,
    details: 'from a server behind',
    metadata: new Metadata(),
  });
}
