// Checks after each test file that no timer, socket, listening port or listener on `process` is left, that no
// rejection was unhandled and that Node did not warn of a leak. Configured in jest.config.js.

import { setTimeout as delay } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';
import { afterAll, beforeAll } from '@jest/globals';

/** Turns of the event loop that closing may take. A leak is still there afterwards. */
const PATIENCE_MS = 30_000;

/** The real process. Tests see a copy by Jest, which does not receive warnings. */
const machine: NodeJS.Process = runInThisContext('process');

/** Warnings about leaks. Other warnings of packages are ignored. */
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
