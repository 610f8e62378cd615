import { describe, expect, it } from '@jest/globals';
import { WaitSupport } from '../../../src/client/waiting/wait-support.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { Code, StatusError } from '../../../src/core/status.js';
import { manualClock, settled } from '../../../src/testing/clock/manual-clock.js';

const { signal } = new AbortController();
const UNIMPLEMENTED = new StatusError(Code.UNIMPLEMENTED, 'no such method');

/** Asks many times at once; the test decides the result of each WaitOperation. */
function asking(count: number) {
  const clock = manualClock();
  const support = new WaitSupport(clock);
  const waits: PromiseWithResolvers<string>[] = [];
  const call = () => {
    const wait = Promise.withResolvers<string>();
    waits.push(wait);
    return wait.promise;
  };
  const ask = () => support.ask(call, signal);
  const answers = Array.from({ length: count }, () => ask().catch(({ code }) => code));
  return { clock, support, waits, call, ask, answers };
}

describe('knowledge of WaitOperation', () => {
  it('the first call detects UNIMPLEMENTED, and the held ones are not made', async () => {
    const { waits, answers, support, clock } = asking(100);
    await settled();
    expect(waits).toHaveLength(1);
    waits[0]?.reject(UNIMPLEMENTED);
    expect(new Set(await Promise.all(answers))).toEqual(new Set([Code.UNIMPLEMENTED, undefined]));
    expect(waits).toHaveLength(1);
    expect(support.usable(clock.now())).toBe(false);
  });

  it('the held calls continue when the first is answered', async () => {
    const { waits, answers } = asking(3);
    waits[0]?.resolve('waited');
    await settled();
    expect(waits).toHaveLength(3);
    for (const { resolve } of waits) resolve('waited');
    expect(await Promise.all(answers)).toEqual(['waited', 'waited', 'waited']);
  });

  it('a call that takes as long as the first polling pause shows that the server waits', async () => {
    const { clock, waits } = asking(3);
    await clock.advance(249);
    expect(waits).toHaveLength(1);
    await clock.advance(1);
    expect(waits).toHaveLength(3);
    expect(clock.armed).toBe(0);
  });

  it('a later UNIMPLEMENTED is respected', async () => {
    const { clock, waits, support, answers } = asking(1);
    await clock.advance(250);
    waits[0]?.reject(UNIMPLEMENTED);
    expect(await answers[0]).toBe(Code.UNIMPLEMENTED);
    expect(support.usable(clock.now())).toBe(false);
  });

  it('if the first fails otherwise, the next one decides', async () => {
    const { waits, answers } = asking(3);
    waits[0]?.reject(new StatusError(Code.UNAVAILABLE, 'away'));
    expect(await answers[0]).toBe(Code.UNAVAILABLE);
    await settled();
    expect(waits).toHaveLength(2);
    waits[1]?.reject(UNIMPLEMENTED);
    expect(await Promise.all(answers.slice(1))).toEqual([Code.UNIMPLEMENTED, undefined]);
  });

  it('an abort releases a held call', async () => {
    const { support, call } = asking(1);
    const controller = new AbortController();
    const holding = rejection(support.ask(call, controller.signal));
    controller.abort('enough');
    expect(await holding).toBe('enough');
  });

  it('after UNIMPLEMENTED one call tries again after a minute, then after two, up to an hour', async () => {
    const { clock, waits, ask, support, answers } = asking(1);
    waits[0]?.reject(UNIMPLEMENTED);
    await answers[0];
    const trials: number[] = [];
    for (let minute = 1; minute <= 240; minute++) {
      await clock.advance(60_000);
      const before = waits.length;
      const asked = [ask(), ask(), ask()].map((answer) => answer.catch(({ code }) => code));
      await settled();
      expect(waits.length - before).toBeLessThanOrEqual(1);
      if (waits.length === before) continue;
      trials.push(minute);
      waits.at(-1)?.reject(UNIMPLEMENTED);
      await Promise.all(asked);
    }
    expect(trials).toEqual([1, 3, 7, 15, 31, 63, 123, 183]);
    expect(support.usable(clock.now())).toBe(false);
  });

  it('an answered trial ends all polling', async () => {
    const { clock, waits, ask, support, answers } = asking(1);
    waits[0]?.reject(UNIMPLEMENTED);
    await answers[0];
    await clock.advance(60_000);
    const trial = ask();
    await settled();
    expect(await ask()).toBeUndefined();
    waits.at(-1)?.resolve('waited');
    expect(await trial).toBe('waited');
    expect(support.usable(clock.now())).toBe(true);
  });
});

describe('the duration of long polls', () => {
  it('is four fifths of the time after which they are cut, for a minute, then longer', () => {
    const clock = manualClock();
    const support = new WaitSupport(clock);
    const at = (ms: number) => clock.now() + ms;
    expect(support.longPollMs(at(0))).toBe(Number.POSITIVE_INFINITY);
    support.cut(15_000, at(0));
    expect(support.longPollMs(at(59_999))).toBe(12_000);
    support.cut(10_000, at(1000));
    expect(support.longPollMs(at(59_999))).toBe(8000);
    expect(support.longPollMs(at(60_000))).toBe(Number.POSITIVE_INFINITY);
    support.cut(500, at(61_000));
    expect(support.longPollMs(at(180_999))).toBe(400);
    expect(support.longPollMs(at(181_000))).toBe(Number.POSITIVE_INFINITY);
  });
});
