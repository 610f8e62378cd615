// After each test file: no timer, socket or listening port of this process is left, nor a listener on `process`; no
// rejection went unhandled, and Node warned of no leak. Named in jest.config.js.

import { setTimeout as delay } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';
import { afterAll, beforeAll } from '@jest/globals';

/** Closing takes a turn or two of the event loop; a leak is still there after this. */
const PATIENCE_MS = 30_000;

/** The process itself: what tests know by this name is a copy of Jest's, which hears of no warning. */
const machine: NodeJS.Process = runInThisContext('process');

/** Those that speak of something left behind. What else a package warns of is its own affair. */
const WARNINGS_OF_LEAKS = new Set(['MaxListenersExceededWarning', 'TimeoutOverflowWarning', 'Warning']);

const faults: string[] = [];
let before = new Map<string, number>();

beforeAll(() => {
  machine.on('warning', noteWarning).on('unhandledRejection', noteRejection);
  before = resources();
});

afterAll(async () => {
  const giveUpAt = Date.now() + PATIENCE_MS;
  let left = leaked();
  while (left.length > 0 && Date.now() < giveUpAt) {
    await delay(10);
    left = leaked();
  }
  machine.off('warning', noteWarning).off('unhandledRejection', noteRejection);
  if (left.length > 0) faults.push(`the tests left open: ${left.join(', ')}`);
  if (faults.length > 0) throw new Error(faults.join('; '));
});

function noteWarning(warning: Error): void {
  if (WARNINGS_OF_LEAKS.has(warning.name)) faults.push(`Node warned: ${warning.name}: ${warning.message}`);
}

function noteRejection(reason: unknown): void {
  faults.push(`nobody handled a rejection: ${String(reason)}`);
}

function leaked(): string[] {
  return [...resources()].flatMap(([kind, count]) => {
    const more = count - (before.get(kind) ?? 0);
    return more > 0 ? [`${more} ${kind}`] : [];
  });
}

function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  for (const event of process.eventNames()) {
    counts.set(`listener on process for ${String(event)}`, process.listenerCount(event));
  }
  return counts;
}
