import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const DAY_MS = 24 * 60 * 60 * 1000;

describe('system clock', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('waits longer than setTimeout can (contract 34)', () => {
    const callback = jest.fn();
    systemClock.setTimer(callback, 60 * DAY_MS);
    jest.advanceTimersByTime(LONGEST_TIMEOUT_MS + 1);
    jest.advanceTimersByTime(60 * DAY_MS - LONGEST_TIMEOUT_MS - 2);
    expect(callback).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('cancels a timer, even after its first maximum delay', () => {
    const callback = jest.fn();
    const stop = systemClock.setTimer(callback, 60 * DAY_MS);
    jest.advanceTimersByTime(LONGEST_TIMEOUT_MS + 1);
    stop();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('returns the system time', () => {
    jest.setSystemTime(1234);
    expect(systemClock.now()).toBe(1234);
  });
});
