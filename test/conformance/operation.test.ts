import { expect, it } from '@jest/globals';
import { ExportReportResponse, ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { Empty } from '../../generated/google/protobuf/empty.js';
import { ErrorInfo, RetryInfo } from '../../generated/google/rpc/error_details.js';
import { pack, typeName, unpack } from '../../src/any.js';
import { snapshotOf } from '../../src/operation.js';
import { Code, StatusError } from '../../src/status.js';
import { settled } from '../helpers/manual-clock.js';
import { rejection } from '../helpers/rejection.js';
import { PARENT } from '../helpers/reports-server.js';
import { metadataOf, onEveryServer } from './every-server.js';

onEveryServer('operation', (open) => {
  it('is named under its parent by an unguessable id (contract 1)', async () => {
    await using server = await open();
    const names = await Promise.all(
      Array.from({ length: 20 }, async () => (await server.exportReport()).name),
    );
    for (const name of names) expect(name).toMatch(new RegExp(`^${PARENT}/operations/[0-9a-f]{32,}$`));
    expect(new Set(names).size).toBe(names.length);
  });

  it('without a parent is plain operations/{id} (contract 1)', async () => {
    await using server = await open();
    expect((await server.exportReport({ parent: '' })).name).toMatch(/^operations\/[0-9a-f]{32,}$/);
  });

  it('whose parent is malformed is not started (contract 1, 5, 32)', async () => {
    await using server = await open();
    for (const parent of ['/p', 'p/', 'p//q', 'p/../q', ' p', 'p\u0000q', 'é'.repeat(500)]) {
      const error = await rejection(server.exportReport({ parent }));
      expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT });
    }
    expect(server.exports.begun).toEqual([]);
  });

  it('running has neither error nor response; succeeded has the response alone (contract 2)', async () => {
    await using server = await open();
    const started = await server.exportReport({ title: 'sales' });
    expect(started).toMatchObject({ done: false, result: undefined });
    const run = await server.exports.on(started.name);
    expect(run.request).toEqual({ parent: PARENT, title: 'sales' });
    run.succeed({ uri: 'file:///sales', rowCount: 7 });
    const ended = await server.operations.waitOperation({ name: started.name });
    expect(ended).toMatchObject({ name: started.name, done: true, result: { $case: 'response' } });
    const snapshot = snapshotOf(ended);
    if (snapshot.state !== 'succeeded') throw new Error(`it ${snapshot.state}`);
    expect(unpack(ExportReportResponse, snapshot.response)).toEqual({ uri: 'file:///sales', rowCount: 7 });
  });

  it('succeeded with nothing to say has an Empty response (contract 3)', async () => {
    await using server = await open();
    const { name } = await server.purgeReports();
    (await server.purges.on(name)).succeed();
    const { result } = await server.operations.waitOperation({ name });
    expect(result).toEqual({ $case: 'response', value: pack(Empty, {}) });
  });

  it('once it has ended stays as it is, whatever is asked or reported later (contract 4)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const run = await server.exports.on(name);
    run.succeed({ uri: 'first' });
    const ended = await server.operations.waitOperation({ name });
    run.succeed({ uri: 'second' });
    run.fail(new Error('too late'));
    await run.context.update({ progressPercent: 99 });
    await server.operations.cancelOperation({ name });
    await settled();
    expect(await server.operations.getOperation({ name })).toEqual(ended);
  });

  it('that cannot start fails the starting call, whole, and leaves nothing behind (contract 5)', async () => {
    const details = [pack(RetryInfo, { retryDelay: { seconds: 5, nanos: 0 } })];
    const refusal = new StatusError(Code.FAILED_PRECONDITION, 'report is locked: unlock it first', details);
    const accept = () => {
      throw refusal;
    };
    await using server = await open({ exportReport: { accept } });
    const error = await rejection(server.exportReport());
    expect(error).toMatchObject({ code: refusal.code, message: refusal.message, details });
    expect((await server.operations.listOperations({ name: PARENT })).operations).toEqual([]);
  });

  it('that failed while running has code, message and every detail in its error (contract 5)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const details = [
      pack(ErrorInfo, { reason: 'DISK_FULL', domain: 'reports.example.com', metadata: { disk: 'a' } }),
      pack(RetryInfo, { retryDelay: { seconds: 60, nanos: 0 } }),
    ];
    const failure = new StatusError(Code.RESOURCE_EXHAUSTED, 'disk a is full: wait a minute', details);
    (await server.exports.on(name)).fail(failure);
    const ended = await server.operations.waitOperation({ name });
    expect(ended).toMatchObject({ done: true, result: { $case: 'error', value: failure.toStatus() } });
  });

  it('has metadata of its method from the start, updated while it runs, kept after its end (contract 6)', async () => {
    await using server = await open();
    const started = await server.exportReport();
    expect(typeName(started.metadata ?? { typeUrl: '' })).toBe(ReportMetadata.$type);
    expect(metadataOf(started)).toMatchObject({ progressPercent: 0, cancelRequested: false });
    const { name } = started;
    const run = await server.exports.on(name);
    await run.context.update({ progressPercent: 40 });
    const halfway = metadataOf(await server.operations.getOperation({ name }));
    expect(halfway).toEqual({ ...metadataOf(started), progressPercent: 40 });
    run.succeed();
    const ended = metadataOf(await server.operations.waitOperation({ name }));
    expect(ended).toEqual({ ...halfway, endTime: new Date(server.manual.now()) });
  });

  it('reports progress in order, awaited or not, and before its end (contract 6)', async () => {
    const updates = [10, 20, 30];
    await using server = await open({
      exportReport: {
        async run(_request, { update }) {
          for (const progressPercent of updates) update({ progressPercent });
          return {};
        },
      },
    });
    const { name } = await server.exportReport();
    const ended = await server.operations.waitOperation({ name });
    expect(metadataOf(ended).progressPercent).toBe(updates.at(-1));
  });

  it('may be returned already done, and no work is begun (contract 7)', async () => {
    await using server = await open({ exportReport: { accept: () => ({ uri: 'cached', rowCount: 1 }) } });
    const started = await server.exportReport();
    expect(started).toMatchObject({ done: true, result: { $case: 'response' } });
    expect(await server.operations.getOperation({ name: started.name })).toEqual(started);
    await settled();
    expect(server.exports.begun).toEqual([]);
  });
});
