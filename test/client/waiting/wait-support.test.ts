import { describe, expect, it } from '@jest/globals';
import { WaitSupport } from '../../../src/client/waiting/wait-support.js';
import { abortable } from '../../../src/signals.js';
import { Code, StatusError } from '../../../src/status.js';
import { rejection } from '../../../src/testing/conformance/kit-error.js';
import { manualClock, settled } from '../../../src/testing/manual-clock.js';
import { never } from '../scripted-server.js';

const { signal } = new AbortController();

/** Asks many times at once; the test decides what becomes of each WaitOperation. */
function asking(count: number) {
  const clock = manualClock();
  const support = new WaitSupport(clock);
  const waits: PromiseWithResolvers<string>[] = [];
  const byWait = () => {
    const wait = Promise.withResolvers<string>();
    waits.push(wait);
    return wait.promise;
  };
  const byGet = async () => 'got';
  const answers = Array.from({ length: count }, () => support.ask({ byWait, byGet }, signal));
  return { clock, support, waits, byWait, byGet, answers };
}

describe('whether a server has WaitOperation', () => {
  it('the first asks, the others hold, and all poll when it has not', async () => {
    const { waits, answers, support } = asking(100);
    await settled();
    expect(waits).toHaveLength(1);
    waits[0]?.reject(new StatusError(Code.UNIMPLEMENTED, 'no such method'));
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['got']));
    expect(waits).toHaveLength(1);
    expect(support.absent).toBe(true);
  });

  it('the others go on as soon as the first is answered', async () => {
    const { waits, answers } = asking(3);
    waits[0]?.resolve('waited');
    await settled();
    expect(waits).toHaveLength(3);
    for (const { resolve } of waits) resolve('waited');
    expect(await Promise.all(answers)).toEqual(['waited', 'waited', 'waited']);
  });

  it('or is held for as long as the first pause of polling, for then it has it', async () => {
    const { clock, waits } = asking(3);
    await clock.advance(249);
    expect(waits).toHaveLength(1);
    await clock.advance(1);
    expect(waits).toHaveLength(3);
    expect(clock.armed).toBe(0);
  });

  it('a server that says UNIMPLEMENTED later is believed', async () => {
    const { clock, waits, support, answers } = asking(1);
    await clock.advance(250);
    waits[0]?.reject(new StatusError(Code.UNIMPLEMENTED, 'no such method'));
    expect(await answers[0]).toBe('got');
    expect(support.absent).toBe(true);
  });

  it('those that asked too, for it was slow to say so, do not wait for an answer of their own', async () => {
    const clock = manualClock();
    const support = new WaitSupport(clock);
    const first = Promise.withResolvers<string>();
    let asked = 0;
    const byWait = (signal: AbortSignal) => (asked++ === 0 ? first.promise : abortable(never(), signal));
    const answers = Array.from({ length: 100 }, () =>
      support.ask({ byWait, byGet: async () => 'got' }, signal),
    );
    await clock.advance(250);
    expect(asked).toBe(100);
    first.reject(new StatusError(Code.UNIMPLEMENTED, 'no such method'));
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['got']));
    await support.ask({ byWait, byGet: async () => 'got' }, signal);
    expect(asked).toBe(100);
  });

  it('when the first fails otherwise, the next one finds it out', async () => {
    const { waits, answers } = asking(3);
    const first = rejection(answers[0] ?? Promise.resolve());
    waits[0]?.reject(new StatusError(Code.UNAVAILABLE, 'away'));
    expect(await first).toMatchObject({ code: Code.UNAVAILABLE });
    await settled();
    expect(waits).toHaveLength(2);
    waits[1]?.reject(new StatusError(Code.UNIMPLEMENTED, 'no such method'));
    expect(await Promise.all(answers.slice(1))).toEqual(['got', 'got']);
  });

  it('an abort ends the holding', async () => {
    const { support, byWait, byGet } = asking(1);
    const controller = new AbortController();
    const holding = rejection(support.ask({ byWait, byGet }, controller.signal));
    controller.abort('enough');
    expect(await holding).toBe('enough');
  });
});
