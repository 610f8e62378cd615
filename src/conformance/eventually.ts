import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 2;
/** Upper bound on waiting, large enough for a busy machine. */
const PATIENCE_MS = 60_000;

/**
 * Waits, in real time, until `check` neither throws nor returns false. A store may be behind a network, so the
 * effects of a write may take time.
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
