// Behaviors tested by google-cloud-cpp in async_polling_loop_test.cc, as implemented by this client.
import { describe, expect, it } from '@jest/globals';
import { OperationCancelledError, OperationError, WaitTimeoutError } from '../../src/client/calls/errors.js';
import { rejection } from '../../src/conformance/kit-error.js';
import { Code } from '../../src/core/status.js';
import { settled } from '../../src/testing/clock/manual-clock.js';
import { cancelled, error, NAME, running, scriptedPeer, succeeded } from './scripted-peer.js';

describe('client as in google-cloud-cpp async_polling_loop_test.cc', () => {
  it('ImmediateSuccess', async () => {
    const peer = scriptedPeer([]);
    expect((await peer.started(succeeded()).wait()).operation).toEqual(succeeded());
    expect(peer.calls).toEqual([]);
  });

  it('ImmediateCancel: a Cancel before the first poll; the server decides the outcome', async () => {
    const peer = scriptedPeer([cancelled()]);
    const outcome = await peer.run(peer.started(running()).cancelAndWait());
    expect(outcome.state).toBe('cancelled');
    expect(peer.calls).toEqual(['cancel', 'get']);
  });

  it('PollThenSuccess', async () => {
    const peer = scriptedPeer([succeeded()]);
    expect((await peer.run(peer.operation.wait())).state).toBe('succeeded');
  });

  it('PollThenTimerError: an abort in a pause ends it, and leaves no timer', async () => {
    const peer = scriptedPeer([running()]);
    const controller = new AbortController();
    const waiting = rejection(peer.operation.wait({ signal: controller.signal }));
    await peer.clock.whenArmed(1);
    controller.abort('shutdown');
    expect(await waiting).toBe('shutdown');
    await settled();
    expect(peer.clock.armed).toBe(0);
  });

  it('PollThenEventualSuccess: UNAVAILABLE in between is retried', async () => {
    const peer = scriptedPeer([running(), error(Code.UNAVAILABLE, 'try-again'), running(), succeeded()]);
    expect((await peer.run(peer.operation.wait())).state).toBe('succeeded');
    expect(peer.calls).toHaveLength(4);
  });

  it('PollThenExhaustedPollingPolicy: the timeout error has the latest state', async () => {
    const peer = scriptedPeer([running(8)]);
    const thrown = await rejection(peer.run(peer.operation.wait({ timeoutMs: 1000 })));
    expect(thrown).toBeInstanceOf(WaitTimeoutError);
    expect(thrown).toMatchObject({ operationName: NAME, snapshot: { state: 'running' } });
  });

  it('PollThenExhaustedPollingPolicyWithFailure: the timeout error has the last error', async () => {
    const peer = scriptedPeer([error(Code.UNAVAILABLE, 'try-again')]);
    const thrown = await rejection(peer.run(peer.operation.wait({ timeoutMs: 1000 })));
    expect(thrown).toMatchObject({ cause: { code: Code.UNAVAILABLE, message: 'try-again' } });
  });

  it('PollLifetime: a finished wait leaves nothing behind', async () => {
    const peer = scriptedPeer([running(), running(), running(), succeeded()]);
    await peer.run(peer.operation.wait({ timeoutMs: 60_000 }));
    expect(peer.clock.armed).toBe(0);
  });

  it('PollThenCancelDuringTimer: a Cancel in a pause; CANCELLED of the RPC ends the wait without an outcome (contract 36)', async () => {
    const peer = scriptedPeer([running(), error(Code.CANCELLED, 'call cancelled'), cancelled()]);
    const waiting = rejection(peer.operation.result());
    await peer.clock.whenArmed(1);
    await peer.operation.cancel();
    const thrown = await peer.run(waiting);
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).not.toBeInstanceOf(OperationCancelledError);
    expect(await rejection(peer.run(peer.operation.result()))).toBeInstanceOf(OperationCancelledError);
  });

  it('PollThenCancelDuringPoll: a Cancel during a poll does not affect it (contract 39)', async () => {
    const peer = scriptedPeer(['silence'], { longPolls: true });
    const controller = new AbortController();
    const waiting = rejection(peer.operation.wait({ signal: controller.signal }));
    await settled();
    await peer.operation.cancel();
    await settled();
    expect(peer.calls).toEqual(['wait', 'cancel']);
    controller.abort('test is over');
    expect(await waiting).toBe('test is over');
  });
});
