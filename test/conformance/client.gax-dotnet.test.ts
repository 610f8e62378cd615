// Behaviors tested by gax-dotnet in PollingTest, as implemented by this client.
import { describe, expect, it } from '@jest/globals';
import { WaitTimeoutError } from '../../src/client/calls/errors.js';
import { rejection } from '../../src/conformance/kit-error.js';
import { running, scriptedPeer, succeeded } from './scripted-peer.js';

describe('client as in gax-dotnet PollingTest', () => {
  it('PollToCompletion_Success: done at the first poll after the end, within the limit', async () => {
    const peer = scriptedPeer([running(), running(), running(), succeeded('5')]);
    expect((await peer.run(peer.operation.result({ timeoutMs: 5000 }))).uri).toBe('5');
    expect(peer.elapsedMs).toBe(250 + 375 + 562.5);
  });

  it('PollToCompletion_Timeout: exactly at the limit, neither earlier nor after a pause that exceeds it', async () => {
    const peer = scriptedPeer([running()]);
    const thrown = await rejection(peer.run(peer.operation.result({ timeoutMs: 5000 })));
    expect(thrown).toBeInstanceOf(WaitTimeoutError);
    expect(peer.elapsedMs).toBe(5000);
  });

  it('PollToCompletion_Cancellation: at the abort, in the middle of a pause', async () => {
    const peer = scriptedPeer([running()]);
    const controller = new AbortController();
    const { clock, operation } = peer;
    clock.setTimer(() => controller.abort('token'), 3000);
    const waiting = rejection(operation.wait({ signal: controller.signal, timeoutMs: 5000 }));
    expect(await peer.run(waiting)).toBe('token');
    expect(peer.elapsedMs).toBe(3000);
  });
});
