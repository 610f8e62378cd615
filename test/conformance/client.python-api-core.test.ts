// Behaviors tested by python-api-core in tests/unit/test_operation.py, as implemented by this client.
import { describe, expect, it } from '@jest/globals';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { OperationCancelledError, OperationFailedError } from '../../src/client/calls/errors.js';
import { rejection } from '../../src/conformance/kit-error.js';
import { Code, StatusError } from '../../src/core/status.js';
import {
  cancelled,
  error,
  failed,
  NAME,
  progress,
  running,
  scriptedPeer,
  succeeded,
} from './scripted-peer.js';

describe('client as in python-api-core test_operation.py', () => {
  it('test_constructor', async () => {
    const snapshot = await scriptedPeer([running()]).operation.get();
    expect(snapshot).toMatchObject({ state: 'running', name: NAME });
    expect(snapshot.metadata).toBeUndefined();
  });

  it('test_metadata', async () => {
    expect((await scriptedPeer([running(5)]).operation.get()).metadata).toEqual(progress(5));
  });

  it('test_cancellation: cancelling again after the end sends no request', async () => {
    const peer = scriptedPeer([running(), cancelled()]);
    expect((await peer.run(peer.operation.cancelAndWait())).state).toBe('cancelled');
    expect((await peer.run(peer.operation.cancelAndWait())).state).toBe('cancelled');
    expect(peer.calls.filter((call) => call === 'cancel')).toHaveLength(1);
    expect(await rejection(peer.operation.result())).toBeInstanceOf(OperationCancelledError);
  });

  it('test_result', async () => {
    const peer = scriptedPeer([running(), succeeded('uri')]);
    expect((await peer.run(peer.operation.result())).uri).toBe('uri');
  });

  it('test_done_w_retry: retryable errors are retried (contract 36)', async () => {
    const peer = scriptedPeer([error(Code.UNAVAILABLE), error(Code.UNAVAILABLE), succeeded()]);
    expect((await peer.run(peer.operation.wait())).state).toBe('succeeded');
  });

  it('test_exception: a failure without a valid code reads UNKNOWN', async () => {
    const done = { ...running(), done: true };
    const value = { code: 0, message: 'meep', details: [] };
    const operation = scriptedPeer([]).started({ ...done, result: { $case: 'error', value } });
    expect(await rejection(operation.result())).toMatchObject({ code: Code.UNKNOWN, message: 'meep' });
  });

  it('test_exception_with_error_code', async () => {
    const peer = scriptedPeer([running(), failed(new StatusError(Code.NOT_FOUND, 'meep'))]);
    const thrown = await rejection(peer.run(peer.operation.result()));
    expect(thrown).toBeInstanceOf(OperationFailedError);
    expect(thrown).toMatchObject({ code: Code.NOT_FOUND, message: 'meep' });
  });

  it('test_unexpected_result: done with neither is a success without a response (contract 2)', async () => {
    const peer = scriptedPeer([running(), { ...running(), done: true }]);
    expect((await peer.run(peer.operation.result())).uri).toBe('');
  });

  it('test__refresh_grpc, test__cancel_grpc: the requests contain only the name of the operation', async () => {
    const peer = scriptedPeer([succeeded()]);
    await peer.operation.get();
    await peer.operation.cancel();
    expect(peer.calls).toEqual(['get', 'cancel']);
    expect(peer.requests).toEqual([{ name: NAME }, { name: NAME }]);
  });

  it('test_from_grpc, test_from_gapic: from a message that is already done', async () => {
    const peer = scriptedPeer([]);
    expect((await peer.started(succeeded()).wait()).state).toBe('succeeded');
    expect(peer.calls).toEqual([]);
  });

  it('test_deserialize: from the bytes of a message', () => {
    const bytes = Operation.encode(succeeded()).finish();
    expect(scriptedPeer([]).started(Operation.decode(bytes)).name).toBe(NAME);
  });
});
