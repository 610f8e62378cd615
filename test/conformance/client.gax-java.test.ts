// Behaviors tested by gax-java in OperationCallableImplTest, as implemented by this client.
import { describe, expect, it } from '@jest/globals';
import { ExportReportResponse, ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { OperationCancelledError, OperationError, WaitTimeoutError } from '../../src/client/calls/errors.js';
import { rejection } from '../../src/conformance/kit-error.js';
import { pack } from '../../src/core/any.js';
import { Code } from '../../src/core/status.js';
import { error, failed, NAME, progress, running, scriptedPeer, succeeded } from './scripted-peer.js';

describe('client as in gax-java OperationCallableImplTest', () => {
  it('testCall, testFutureCallInitialDone: no request is sent (contract 35)', async () => {
    const peer = scriptedPeer([]);
    expect((await peer.started(succeeded('uri')).result()).uri).toBe('uri');
    expect(peer.calls).toEqual([]);
  });

  it('testResumeFutureCall: from the name alone', async () => {
    const peer = scriptedPeer([succeeded('uri', 100)]);
    const outcome = await peer.run(peer.operation.wait());
    expect(outcome).toMatchObject({ state: 'succeeded', name: NAME });
    expect(outcome.metadata).toEqual(progress(100));
    expect(peer.calls).toEqual(['get']);
  });

  it('testCancelOperation', async () => {
    const peer = scriptedPeer([]);
    expect(await peer.operation.cancel()).toBeUndefined();
    expect(peer.calls).toEqual(['cancel']);
  });

  it('testFutureCallInitialDoneWithError: metadata stays readable', async () => {
    const operation = scriptedPeer([]).started(failed(error(Code.ALREADY_EXISTS), 30));
    const outcome = await operation.wait();
    if (outcome.state !== 'failed') throw new Error(outcome.state);
    expect(outcome.error.code).toBe(Code.ALREADY_EXISTS);
    expect(outcome.metadata).toEqual(progress(30));
  });

  it('testFutureCallInitialDoneWrongType: the response throws, the rest stays readable (contract 41)', async () => {
    const value = pack(ReportMetadata, progress(1));
    const operation = scriptedPeer([]).started({
      ...running(7),
      done: true,
      result: { $case: 'response', value },
    });
    const outcome = await operation.wait();
    if (outcome.state !== 'succeeded') throw new Error(outcome.state);
    expect(() => outcome.response).toThrow(/ReportMetadata.*ExportReportResponse/);
    expect(outcome.metadata).toEqual(progress(7));
    expect(await rejection(operation.result())).toBeInstanceOf(OperationError);
  });

  it('testFutureCallInitialDoneMetaWrongType: metadata throws, the response stays readable (contract 41)', async () => {
    const metadata = pack(ExportReportResponse, ExportReportResponse.fromPartial({}));
    const outcome = await scriptedPeer([])
      .started({ ...succeeded('uri'), metadata })
      .wait();
    if (outcome.state !== 'succeeded') throw new Error(outcome.state);
    expect(() => outcome.metadata).toThrow(/ExportReportResponse.*ReportMetadata/);
    expect(outcome.response.uri).toBe('uri');
  });

  it('testFutureCallPollDoneOnFirst', async () => {
    const peer = scriptedPeer([succeeded()]);
    await peer.run(peer.started(running()).wait());
    expect(peer.calls).toEqual(['get']);
  });

  it('testFutureCallPollDoneOnSecond: metadata is the last one received', async () => {
    const peer = scriptedPeer([running(1), succeeded('uri', 2)]);
    expect((await peer.run(peer.started(running()).wait())).metadata).toEqual(progress(2));
    expect(peer.calls).toEqual(['get', 'get']);
  });

  it('testFutureCallPollDoneOnMany: a thousand polls', async () => {
    const peer = scriptedPeer([...Array(999).fill(running(1)), succeeded()]);
    expect((await peer.run(peer.operation.wait())).state).toBe('succeeded');
    expect(peer.calls).toHaveLength(1000);
  });

  it('testFutureCallPollError: the code of the RPC (contract 36)', async () => {
    const peer = scriptedPeer([error(Code.ALREADY_EXISTS)]);
    const thrown = await rejection(peer.run(peer.operation.wait()));
    expect(thrown).toMatchObject({ code: Code.ALREADY_EXISTS, operationName: NAME });
    expect(peer.calls).toHaveLength(1);
  });

  it('testFutureCallPollDoneWithError', async () => {
    const peer = scriptedPeer([running(), failed(error(Code.ALREADY_EXISTS), 4)]);
    const outcome = await peer.run(peer.operation.wait());
    expect(outcome).toMatchObject({ state: 'failed', error: { code: Code.ALREADY_EXISTS } });
    expect(outcome.metadata).toEqual(progress(4));
  });

  it('testFutureCallPollCancelOnTimeoutExceeded: not a cancellation (contract 38)', async () => {
    const peer = scriptedPeer([running()]);
    const thrown = await rejection(peer.run(peer.operation.result({ timeoutMs: 5000 })));
    expect(thrown).toBeInstanceOf(WaitTimeoutError);
    expect(thrown).not.toBeInstanceOf(OperationCancelledError);
    expect(thrown).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect(peer.calls).not.toContain('cancel');
    expect(peer.elapsedMs).toBe(5000);
  });

  it('testFutureCallPollCancelOnLongTimeoutExceeded', async () => {
    const peer = scriptedPeer([running()]);
    const hours = 5 * 3_600_000;
    expect(await rejection(peer.run(peer.operation.wait({ timeoutMs: hours })))).toBeInstanceOf(
      WaitTimeoutError,
    );
    expect(peer.elapsedMs).toBe(hours);
  });
});
