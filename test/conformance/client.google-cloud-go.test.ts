// Behaviors tested by google-cloud-go in longrunning/longrunning_test.go, as implemented by this client.
import { describe, expect, it } from '@jest/globals';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import type { OperationFailedError } from '../../src/client/calls/errors.js';
import { rejection } from '../../src/conformance/kit-error.js';
import { Code, kitError } from '../../src/core/status.js';
import { error, failed, NAME, running, scriptedPeer, succeeded } from './scripted-peer.js';

describe('client as in google-cloud-go longrunning_test.go', () => {
  it('TestWait: the pauses grow up to a maximum, and the last response counts', async () => {
    const peer = scriptedPeer([...Array(20).fill(running()), succeeded('42')]);
    expect((await peer.run(peer.operation.result())).uri).toBe('42');
    const pauses = peer.askedAtMs.slice(1).map((at, index) => at - (peer.askedAtMs[index] ?? 0));
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(pauses[index - 1] ?? 250);
      expect(pause).toBeLessThanOrEqual(30_000);
    }
    expect(pauses.at(-1)).toBe(30_000);
  });

  it('TestPollRequestError: the name stays, and the operation is not considered done', async () => {
    const peer = scriptedPeer([error(Code.UNKNOWN, 'unexpected call'), succeeded()]);
    expect(await rejection(peer.operation.get())).toMatchObject({ operationName: NAME, code: Code.UNKNOWN });
    expect(peer.operation.name).toBe(NAME);
    expect((await peer.run(peer.operation.wait())).state).toBe('succeeded');
  });

  it('TestPollErrorResult: code, message and details of the failure', async () => {
    const reason = kitError(Code.NOT_FOUND, 'THINGS_HAPPEN', 'my error: look');
    const thrown = await rejection(scriptedPeer([]).started(failed(reason)).result());
    expect(thrown).toMatchObject({ code: Code.NOT_FOUND, message: 'my error: look' });
    expect((thrown as OperationFailedError).detail(ErrorInfo)?.reason).toBe('THINGS_HAPPEN');
  });

  it('TestCancelReturnsError', async () => {
    const { operation } = scriptedPeer([], { cancel: [error(Code.INTERNAL, 'cancel error')] });
    expect(await rejection(operation.cancel())).toMatchObject({ message: 'cancel error' });
  });

  it('TestDeleteReturnsError', async () => {
    const { operation } = scriptedPeer([], { delete: error(Code.INTERNAL, 'delete error') });
    expect(await rejection(operation.delete())).toMatchObject({ message: 'delete error' });
  });
});
