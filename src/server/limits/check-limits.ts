import type { ServiceLimits } from '../operations-service.js';
import type { CallerLimitOptions } from './caller-limits.js';

/** The options that are limits. */
export interface CheckedLimits extends ServiceLimits, CallerLimitOptions {
  readonly concurrency: number;
  readonly retentionMs: number;
  readonly maxResultBytes: number;
  readonly maxUnfinished?: number | undefined;
}

const COUNTS = [
  'maxUnfinished',
  'maxCallsPerCaller',
  'maxWaitsPerCaller',
  'ratePerSecond',
  'refusalsPerSecond',
] as const;

/** @throws TypeError when one is none. */
export function checkLimits(settings: CheckedLimits): void {
  for (const option of [
    'concurrency',
    'retentionMs',
    'defaultPageSize',
    'maxPageSize',
    'maxPageBytes',
    'maxWaitMs',
    'maxResultBytes',
  ] as const) {
    const value = settings[option];
    if (!(value > 0)) throw new TypeError(`option ${option} is ${value}: it must be greater than 0`);
    // From JavaScript. Text would be concatenated where a number is added, and a bigint cannot be.
    if (typeof value !== 'number')
      throw new TypeError(`option ${option} is a value of type ${typeof value}: give a number`);
  }
  for (const option of COUNTS) {
    const value = settings[option];
    if (value === undefined || (Number.isInteger(value) && value > 0)) continue;
    throw new TypeError(`option ${option} is ${value}: give a whole number, 1 or more, or leave it out`);
  }
}
