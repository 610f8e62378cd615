import { describe, expect, it } from '@jest/globals';
import { ReportMetadata } from '../../../generated/example/reports/v1/reports.js';
import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { pack } from '../../../src/core/any.js';
import { Code, StatusError } from '../../../src/core/status.js';
import { startTestServer } from '../../../src/testing/index.js';

const INFO = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'HALF_WAY' };

describe('a manually controlled operation', () => {
  it('has the given name and metadata, as ProtoJSON, as a typed message, or packed', async () => {
    await using server = await startTestServer();
    const parent = 'projects/p/locations/l';
    const operation = await server.createOperation({ id: 'mine', parent, metadata: INFO });
    expect(operation.name).toBe(`${parent}/operations/mine`);
    const seen = async () => (await server.client.getOperation(operation)).metadata;
    expect(await seen()).toEqual(pack(ErrorInfo, ErrorInfo.fromPartial({ reason: 'HALF_WAY' })));
    await operation.update({ type: ReportMetadata, message: { progressPercent: 50 } });
    const half = pack(ReportMetadata, ReportMetadata.fromPartial({ progressPercent: 50 }));
    expect(await seen()).toEqual(half);
    await operation.update(pack(ReportMetadata, ReportMetadata.fromPartial({})));
    expect((await operation.get()).metadata).toEqual(await seen());
    await expect(operation.update({ '@type': 'acme.Unknown' })).rejects.toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: expect.stringMatching(/is not a message: .*acme\.Unknown.*; name its type in "@type"/),
    });
  });

  it('ends with each kind of outcome, and wakes pending waits', async () => {
    await using server = await startTestServer();
    const endings = [];
    for (const end of ['succeed', 'fail', 'cancelled', 'statusError'] as const) {
      const operation = await server.createOperation();
      const outcome = server.client.operation(operation.name).wait();
      await server.whenCalled('WaitOperation', endings.length + 1);
      if (end === 'succeed') await operation.succeed(INFO);
      if (end === 'fail') await operation.fail({ code: 'ABORTED', message: 'why', details: [INFO] });
      if (end === 'cancelled') await operation.cancelled();
      if (end === 'statusError') await operation.fail(new StatusError(Code.DATA_LOSS, 'lost'));
      endings.push(await outcome);
    }
    expect(endings).toMatchObject([
      { state: 'succeeded', response: { typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo' } },
      { state: 'failed', error: { code: Code.ABORTED, message: 'why' } },
      { state: 'cancelled' },
      { state: 'failed', error: { code: Code.DATA_LOSS } },
    ]);
  });

  it('ends at most once', async () => {
    await using server = await startTestServer();
    const operation = await server.createOperation();
    await operation.succeed();
    const message =
      /operation "operations\/1" cannot fail because it ended with a response: an operation ends once/;
    await expect(operation.fail({ code: 'ABORTED', message: '' })).rejects.toThrow(message);
    await expect(operation.update(INFO)).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION });
  });

  it('expires: it is no longer found, and waits end', async () => {
    await using server = await startTestServer();
    const operation = await server.createOperation();
    const waiting = rejection(server.client.operation(operation.name).wait());
    await server.whenCalled('WaitOperation');
    await operation.expire();
    expect(await waiting).toMatchObject({ code: Code.NOT_FOUND });
    await expect(operation.get()).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await expect(operation.expire()).rejects.toThrow(/is gone/);
  });

  it('ignores cancellation by default, and reports that it was requested', async () => {
    await using server = await startTestServer();
    const operation = await server.createOperation();
    await server.client.cancelOperation(operation);
    await operation.cancelRequested;
    expect((await operation.get()).done).toBe(false);
    await operation.succeed();
  });

  it('honours cancellation, immediately or later, or rejects it', async () => {
    await using server = await startTestServer({ clock: 'manual' });
    const now = await server.createOperation({ onCancel: 'honour' });
    const later = await server.createOperation({ onCancel: { afterMs: 300 } });
    const never = await server.createOperation({ onCancel: 'unimplemented' });
    for (const operation of [now, later]) await server.client.cancelOperation(operation);
    expect(await server.client.operation(now.name).wait()).toMatchObject({ state: 'cancelled' });
    await later.cancelRequested;
    await server.clock.advance(299);
    expect((await later.get()).done).toBe(false);
    await server.clock.advance(1);
    expect(await server.client.operation(later.name).wait()).toMatchObject({ state: 'cancelled' });
    await expect(server.client.cancelOperation(never)).rejects.toMatchObject({ code: Code.UNIMPLEMENTED });
  });

  it('answers the next call of its start method', async () => {
    await using server = await startTestServer({ clock: 'manual' });
    await server.fake('example/reports/v1/reports.proto');
    const operation = await server.createOperation({ startedBy: 'ExportReport' });
    const start = async () => {
      const response = await fetch(`${server.url}/v1/projects/p/locations/l/reports:export`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: '{}',
      });
      return response.json();
    };
    expect(await start()).toEqual({ name: operation.name });
    expect(await start()).toMatchObject({ name: 'projects/p/locations/l/operations/2' });
    const slip = server.createOperation({ startedBy: 'ExportReports' });
    await expect(slip).rejects.toThrow('method "ExportReports" is unknown: did you mean "ExportReport"?');
  });
});
