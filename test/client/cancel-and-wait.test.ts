import { describe, expect, it } from '@jest/globals';
import { operationHandles } from '../../src/client/operations/operation-handles.js';
import { expectKitError, rejection } from '../../src/conformance/kit-error.js';
import { Code, kitError } from '../../src/core/status.js';
import { manualClock } from '../../src/testing/clock/manual-clock.js';
import { cancelled, error, running, scriptedPeer, succeeded } from '../conformance/scripted-peer.js';

describe('cancelAndWait › an unavailable server', () => {
  it('retries the cancellation until the server answers, like a wait', async () => {
    const away = Array.from({ length: 12 }, () => error(Code.UNAVAILABLE));
    const peer = scriptedPeer([cancelled()], { cancel: [...away, error(Code.DEADLINE_EXCEEDED), running()] });
    expect((await peer.run(peer.operation.cancelAndWait())).state).toBe('cancelled');
    expect(peer.calls.filter((call) => call === 'cancel')).toHaveLength(14);
  });

  it('until timeoutMs: WaitTimeoutError, with the cause', async () => {
    const peer = scriptedPeer([running()], { cancel: [error(Code.UNAVAILABLE, 'away')] });
    const thrown = await rejection(peer.run(peer.operation.cancelAndWait({ timeoutMs: 60_000 })));
    expect(thrown).toMatchObject({
      name: 'WaitTimeoutError',
      cause: { code: Code.UNAVAILABLE, message: 'away' },
    });
    expect(peer.elapsedMs).toBe(60_000);
  });

  it('a timeout shows if the server received the cancellation', async () => {
    const cases = [
      {
        reply: 'silence',
        reason: 'CANCEL_UNANSWERED',
        message: /: CancelOperation was not answered either; /,
      },
      { reply: running(), reason: 'WAIT_TIMED_OUT', message: /: it continues; / },
    ] as const;
    for (const { reply, reason, message } of cases) {
      const peer = scriptedPeer([running()], { cancel: [reply] });
      const waiting = peer.run(peer.operation.cancelAndWait({ timeoutMs: 60_000 }));
      await expectKitError(waiting, Code.DEADLINE_EXCEEDED, { reason, message });
    }
  });

  it('until the signal aborts', async () => {
    const peer = scriptedPeer([running()], { cancel: [error(Code.UNAVAILABLE)] });
    const controller = new AbortController();
    const waiting = rejection(peer.operation.cancelAndWait({ signal: controller.signal }));
    await peer.clock.whenArmed(1);
    controller.abort('enough');
    expect(await waiting).toBe('enough');
    expect(peer.clock.armed).toBe(0);
  });

  it('until the client is closed', async () => {
    const clock = manualClock();
    const closing = new AbortController();
    const api = { cancelOperation: () => Promise.reject(error(Code.UNAVAILABLE)) };
    const open = operationHandles(api as never, { clock, closed: closing.signal });
    const waiting = rejection(open('operations/1').cancelAndWait());
    await clock.whenArmed(1);
    closing.abort(kitError(Code.UNAVAILABLE, 'CLIENT_CLOSED', 'client is closed: make another one'));
    expect(await waiting).toMatchObject({ message: expect.stringContaining('client is closed') });
    expect(clock.armed).toBe(0);
  });
});

describe('cancelAndWait › a refused cancellation', () => {
  it.each([
    Code.FAILED_PRECONDITION,
    Code.INVALID_ARGUMENT,
    Code.UNIMPLEMENTED,
    Code.ABORTED,
    Code.NOT_FOUND,
  ])('code %i, because the operation has just ended: resolves to its outcome', async (code) => {
    const peer = scriptedPeer([succeeded()], { cancel: [error(code)] });
    expect((await peer.run(peer.operation.cancelAndWait())).state).toBe('succeeded');
  });

  it.each([Code.FAILED_PRECONDITION, Code.UNIMPLEMENTED])(
    'code %i, while it runs: rejects with the refusal',
    async (code) => {
      const peer = scriptedPeer([running()], { cancel: [error(code)] });
      expect(await rejection(peer.run(peer.operation.cancelAndWait()))).toMatchObject({ code });
      expect(peer.calls).toEqual(['cancel', 'get']);
    },
  );

  it('if GetOperation fails too: rejects with the error of the cancellation', async () => {
    const peer = scriptedPeer([error(Code.NOT_FOUND)], { cancel: [error(Code.PERMISSION_DENIED)] });
    expect(await rejection(peer.run(peer.operation.cancelAndWait()))).toMatchObject({
      code: Code.PERMISSION_DENIED,
    });
  });

  it('INTERNAL is retried once', async () => {
    const peer = scriptedPeer([cancelled()], { cancel: [error(Code.INTERNAL), running()] });
    expect((await peer.run(peer.operation.cancelAndWait())).state).toBe('cancelled');
  });
});
