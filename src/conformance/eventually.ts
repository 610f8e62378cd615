import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 2;
/** A net for what never comes true, wide enough for a machine that is busy with other things. */
const PATIENCE_MS = 60_000;

/**
 * Waits, in the time of the machine, until `check` no longer throws or says false. A store may be behind a
 * network: what follows from a write has its time.
 */
export async function eventually(check: () => unknown): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      if ((await check()) !== false) return;
      if (performance.now() > giveUpAt) throw new Error(`never came true: ${check}`);
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
    }
    await delay(LOOK_AGAIN_MS);
  }
}
