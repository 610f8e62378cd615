import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '../../../src/core/clock.js';
import { StepDetector } from '../../../src/stores/postgres/step-detector.js';

const TOLERANCE_MS = 1000;
const delayMs = fc.nat({ max: 100_000 });

it('detects every step above its tolerance and the delays of both readings, and none below the tolerance', async () => {
  const reading = fc.record({
    pauseMs: delayMs,
    toMs: delayMs,
    backMs: delayMs,
    stepMs: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(reading, { maxLength: 20 }), fc.integer(), async (readings, offsetMs) => {
      let now = 0;
      let stepped = offsetMs;
      let delays = { toMs: 0, backMs: 0 };
      const detector = new StepDetector({
        clock: { ...systemClock, now: () => now },
        toleranceMs: TOLERANCE_MS,
        async read() {
          now += delays.toMs;
          const time = now + stepped;
          now += delays.backMs;
          return time;
        },
      });
      let uncertainty = 0;
      for (const [index, { pauseMs, stepMs, ...next }] of readings.entries()) {
        now += pauseMs;
        if (index > 0) stepped += stepMs;
        delays = next;
        const ownUncertainty = delays.toMs + delays.backMs;
        const noticed = await detector.hasStepped();
        const size = index > 0 ? Math.abs(stepMs) : 0;
        if (size <= TOLERANCE_MS) expect(noticed).toBe(false);
        if (size > TOLERANCE_MS + uncertainty + ownUncertainty) expect(noticed).toBe(true);
        uncertainty = ownUncertainty;
      }
    }),
  );
});

describe('a step detector, by example', () => {
  /** Detects after readings at 0 ms and 1000 ms; the second took `delayMs` and read `advanceMs` more. */
  async function detects(advanceMs: number, delayMs = 0): Promise<boolean> {
    let now = 0;
    let time = 5000;
    let delay = 0;
    const detector = new StepDetector({
      read: async () => {
        now += delay;
        return time;
      },
      clock: { ...systemClock, now: () => now },
      toleranceMs: 100,
    });
    expect(await detector.hasStepped()).toBe(false);
    now = 1000;
    time += advanceMs;
    delay = delayMs;
    return await detector.hasStepped();
  }

  it.each([
    [1000, false],
    [1100, false],
    [1101, true],
    [900, false],
    [899, true],
    [-1000, true],
    [0, true],
  ])('of 100 ms: an advance by %d ms in 1000 ms is a step: %p', async (advanceMs, isStep) => {
    expect(await detects(advanceMs)).toBe(isStep);
  });

  it.each([
    [900, false],
    [899, true],
    [1600, false],
    [1601, true],
  ])(
    'allows for a slow reading: an advance by %d ms in 1000 to 1500 ms is a step: %p',
    async (advanceMs, isStep) => {
      expect(await detects(advanceMs, 500)).toBe(isStep);
    },
  );
});
