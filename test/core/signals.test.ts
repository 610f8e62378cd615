import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { rejection } from '../../src/conformance/kit-error.js';
import { abortable, link, onAbort, sleep, within } from '../../src/core/signals.js';
import { manualClock } from '../../src/testing/clock/manual-clock.js';

const reason = new Error('enough');

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}

describe('link', () => {
  it('aborts with the reason of the first source that aborts', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    using linked = link(first.signal, undefined, second.signal);
    expect(linked.signal.aborted).toBe(false);
    second.abort(reason);
    first.abort(new Error('later'));
    expect(linked.signal.reason).toBe(reason);
  });

  it('is aborted from the start if a source is', () => {
    using linked = link(AbortSignal.abort(reason));
    expect(linked.signal.reason).toBe(reason);
  });

  it('detaches from its sources on disposal', () => {
    const { signal } = new AbortController();
    for (let count = 0; count < 100; count++) {
      using linked = link(signal);
      expect(linked.signal.aborted).toBe(false);
    }
    expect(listeners(signal)).toBe(0);
  });
});

describe('within', () => {
  const timedOut = (timeoutMs: number) => new Error(`not within ${timeoutMs} ms`);
  const untilAborted = (signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      onAbort(signal, reject);
    });

  it('aborts the work on timeout and leaves no timer', async () => {
    const clock = manualClock();
    const ended = rejection(within({ timeoutMs: 100 }, timedOut, clock, untilAborted));
    await clock.advance(99);
    expect(clock.armed).toBe(1);
    await clock.advance(1);
    expect(await ended).toEqual(new Error('not within 100 ms'));
    expect(clock.armed).toBe(0);
  });

  it('aborts the work with the reason of the signal, and leaves no timer and no listener', async () => {
    const clock = manualClock();
    const controller = new AbortController();
    const { signal } = controller;
    const ended = rejection(within({ timeoutMs: 100, signal }, timedOut, clock, untilAborted));
    controller.abort(reason);
    expect(await ended).toBe(reason);
    expect([clock.armed, listeners(signal)]).toEqual([0, 0]);
  });

  it('settles like the work and leaves no timer and no listener', async () => {
    const clock = manualClock();
    const { signal } = new AbortController();
    expect(await within({ timeoutMs: 100, signal }, timedOut, clock, async () => 1)).toBe(1);
    const failed = within({ timeoutMs: 100, signal }, timedOut, clock, () => Promise.reject(reason));
    expect(await rejection(failed)).toBe(reason);
    expect([clock.armed, listeners(signal)]).toEqual([0, 0]);
  });
});

describe('onAbort', () => {
  it('calls once, immediately if already aborted, and not after unsubscribing', () => {
    const controller = new AbortController();
    const told: unknown[] = [];
    onAbort(controller.signal, (why) => told.push(why));
    onAbort(controller.signal, () => told.push('unsubscribed'))();
    controller.abort(reason);
    onAbort(controller.signal, (why) => told.push(why));
    expect(told).toEqual([reason, reason]);
    expect(listeners(controller.signal)).toBe(0);
  });
});

describe('onAbort › many listeners on one signal', () => {
  it('share one event listener, which is removed with the last of them', () => {
    const controller = new AbortController();
    const stops = Array.from({ length: 1000 }, () => onAbort(controller.signal, () => {}));
    expect(listeners(controller.signal)).toBe(1);
    for (const stop of stops.slice(1)) stop();
    expect(listeners(controller.signal)).toBe(1);
    stops[0]?.();
    stops[0]?.();
    expect(listeners(controller.signal)).toBe(0);
  });

  it('are called in order, except one that another has unsubscribed', () => {
    const controller = new AbortController();
    const told: string[] = [];
    const same = () => told.push('same');
    onAbort(controller.signal, same);
    onAbort(controller.signal, () => stopLast());
    onAbort(controller.signal, same);
    const stopLast = onAbort(controller.signal, () => told.push('last'));
    controller.abort(reason);
    expect(told).toEqual(['same', 'same']);
    expect(listeners(controller.signal)).toBe(0);
  });
});

describe('sleep', () => {
  it('resolves after the delay and leaves no timer and no listener', async () => {
    const clock = manualClock();
    const { signal } = new AbortController();
    const slept = sleep(50, signal, clock);
    await clock.advance(50);
    await slept;
    expect([clock.armed, listeners(signal)]).toEqual([0, 0]);
  });

  it('rejects immediately with the reason and leaves no timer and no listener', async () => {
    const clock = manualClock();
    const controller = new AbortController();
    const slept = rejection(sleep(50, controller.signal, clock));
    controller.abort(reason);
    expect(await slept).toBe(reason);
    expect(await rejection(sleep(50, controller.signal, clock))).toBe(reason);
    expect([clock.armed, listeners(controller.signal)]).toEqual([0, 0]);
  });
});

describe('abortable', () => {
  it('settles like the promise and leaves no listener', async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(1), signal)).toBe(1);
    expect(await rejection(abortable(Promise.reject(reason), signal))).toBe(reason);
    expect(await abortable(Promise.resolve(2), undefined)).toBe(2);
    expect(listeners(signal)).toBe(0);
  });

  it('rejects with the reason of the signal if it aborts first', async () => {
    const controller = new AbortController();
    const never = rejection(abortable(new Promise(() => {}), controller.signal));
    controller.abort(reason);
    expect(await never).toBe(reason);
    expect(await rejection(abortable(Promise.resolve(1), controller.signal))).toBe(reason);
  });

  it('handles a rejection that comes after the abort (contract 42)', async () => {
    const late = Promise.withResolvers<never>();
    expect(await rejection(abortable(late.promise, AbortSignal.abort(reason)))).toBe(reason);
    late.reject(new Error('nobody hears this'));
    await new Promise(setImmediate);
  });
});
