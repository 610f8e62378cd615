// The behaviours that google-cloud-cpp tests in async_polling_loop_test.cc, as our client has them.
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

  it('ImmediateCancel: a Cancel before the first question; the server tells the outcome', async () => {
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

  it('PollThenEventualSuccess: UNAVAILABLE in between is passed over', async () => {
    const peer = scriptedPeer([running(), error(Code.UNAVAILABLE, 'try-again'), running(), succeeded()]);
    expect((await peer.run(peer.operation.wait())).state).toBe('succeeded');
    expect(peer.calls).toHaveLength(4);
  });

  it('PollThenExhaustedPollingPolicy: the time-out tells the latest state', async () => {
    const peer = scriptedPeer([running(8)]);
    const thrown = await rejection(peer.run(peer.operation.wait({ timeoutMs: 1000 })));
    expect(thrown).toBeInstanceOf(WaitTimeoutError);
    expect(thrown).toMatchObject({ operationName: NAME, snapshot: { state: 'running' } });
  });

  it('PollThenExhaustedPollingPolicyWithFailure: the time-out tells the last error', async () => {
    const peer = scriptedPeer([error(Code.UNAVAILABLE, 'try-again')]);
    const thrown = await rejection(peer.run(peer.operation.wait({ timeoutMs: 1000 })));
    expect(thrown).toMatchObject({ cause: { code: Code.UNAVAILABLE, message: 'try-again' } });
  });

  it('PollLifetime: nothing is left of a wait that is over', async () => {
    const peer = scriptedPeer([running(), running(), running(), succeeded()]);
    await peer.run(peer.operation.wait({ timeoutMs: 60_000 }));
    expect(peer.clock.armed).toBe(0);
  });

  it('PollThenCancelDuringTimer: a Cancel in a pause; CANCELLED of the RPC ends the wait, as no outcome (contract 36)', async () => {
    const peer = scriptedPeer([running(), error(Code.CANCELLED, 'call cancelled'), cancelled()]);
    const waiting = rejection(peer.operation.result());
    await peer.clock.whenArmed(1);
    await peer.operation.cancel();
    const thrown = await peer.run(waiting);
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).not.toBeInstanceOf(OperationCancelledError);
    expect(await rejection(peer.run(peer.operation.result()))).toBeInstanceOf(OperationCancelledError);
  });

  it('PollThenCancelDuringPoll: a Cancel while a question is under way does not disturb it (contract 39)', async () => {
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
