// After each test file: no timer, socket or listening port of this process is left. Named in jest.config.js.

import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll } from '@jest/globals';

/** Closing takes a turn or two of the event loop; a leak is still there after this. */
const PATIENCE_MS = 30_000;

let before = new Map<string, number>();

beforeAll(() => {
  before = resources();
});

afterAll(async () => {
  const giveUpAt = Date.now() + PATIENCE_MS;
  let left = leaked();
  while (left.length > 0 && Date.now() < giveUpAt) {
    await delay(10);
    left = leaked();
  }
  if (left.length > 0) throw new Error(`the tests left open: ${left.join(', ')}`);
});

function leaked(): string[] {
  return [...resources()].flatMap(([kind, count]) => {
    const more = count - (before.get(kind) ?? 0);
    return more > 0 ? [`${more} ${kind}`] : [];
  });
}

function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
