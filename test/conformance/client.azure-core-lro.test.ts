// Behaviors tested by Azure's core-lro in poller.spec.ts, as implemented by this client.
import { describe, expect, it } from '@jest/globals';
import { OperationCancelledError, OperationFailedError } from '../../src/client/calls/errors.js';
import { rejection } from '../../src/conformance/kit-error.js';
import { Code } from '../../src/core/status.js';
import { cancelled, error, failed, running, scriptedPeer, succeeded } from './scripted-peer.js';

describe('client as in Azure core-lro poller.spec.ts', () => {
  it('"put201Succeeded": done in the first response', async () => {
    const peer = scriptedPeer([]);
    expect((await peer.started(succeeded('100')).result()).uri).toBe('100');
  });

  it('"should handle put201CreatingFailed200": running, then failed', async () => {
    const peer = scriptedPeer([running(), failed(error(Code.INTERNAL, 'provisioning failed'))]);
    const thrown = await rejection(peer.run(peer.operation.result()));
    expect(thrown).toBeInstanceOf(OperationFailedError);
    expect(thrown).toMatchObject({ message: 'provisioning failed' });
  });

  it('"should handle put200Acceptedcanceled200": cancelled is distinguished from failed', async () => {
    const peer = scriptedPeer([running(), cancelled()]);
    expect(await rejection(peer.run(peer.operation.result()))).toBeInstanceOf(OperationCancelledError);
  });

  it('"should handle postAsyncNoRetrySucceeded": no retry hint: the client\'s own backoff', async () => {
    const peer = scriptedPeer([running(), succeeded()]);
    await peer.run(peer.operation.wait());
    expect(peer.askedAtMs).toEqual([0, 250]);
  });

  it('"should handle putNonRetry201Creating400": an error that is not retryable ends it', async () => {
    const peer = scriptedPeer([running(), error(Code.INVALID_ARGUMENT)]);
    expect(await rejection(peer.run(peer.operation.wait()))).toMatchObject({ code: Code.INVALID_ARGUMENT });
    expect(peer.calls).toHaveLength(2);
  });

  it('"should handle PutError201NoProvisioningStatePayload": done without a result', async () => {
    const operation = scriptedPeer([]).started({ ...running(), done: true });
    expect((await operation.wait()).state).toBe('succeeded');
  });
});
