import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** What a process holds in memory, in bytes. */
export interface Memory {
  /** Objects of JavaScript, and what they hold outside of the heap, once garbage is collected. */
  readonly live: number;
  /** What the system has given to the process. */
  readonly resident: number;
}

/** Collects garbage, twice for what the first time only finalises, and tells what is left. */
export function memoryInUse(): Memory {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { live: heapUsed + external, resident: rss };
}
