import { expect, it } from '@jest/globals';
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
