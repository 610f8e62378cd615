import { describe, expect, it } from '@jest/globals';
import type { Claim } from '../../../src/stores/postgres/jobs.js';
import { Leases } from '../../../src/stores/postgres/leases.js';
import { manualClock } from '../../../src/testing/clock/manual-clock.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';

const LEASE_MS = 15_000;
const BEAT_MS = LEASE_MS / 3;
const METHOD = '/s/m';

const closing = closeAfterEach();

describe('a search for lapsed claims', () => {
  /** Counts the searches of a server, whose clock may stand still. */
  const start = () => {
    const clock = manualClock();
    let suspendedMs = 0;
    let stepMs = 0;
    let searches = 0;
    let notified = 0;
    let isAway = false;
    const errors: unknown[] = [];
    const leases = new Leases({
      jobs: {
        async renew() {
          if (isAway) throw new Error('away');
        },
        async releaseLapsed() {
          await new Promise(setImmediate);
          searches++;
        },
        now: async () => clock.now() + suspendedMs + stepMs,
      },
      leaseMs: LEASE_MS,
      clock: {
        ...clock,
        now: () => clock.now() + suspendedMs,
        setTimer: (...timer) => clock.setTimer(...timer),
      },
      // Released claims can be claimed from here on.
      onLapsed: () => {
        notified++;
        expect(notified).toBe(searches);
      },
      onError: (error) => errors.push(error),
    });
    closing({ [Symbol.asyncDispose]: () => leases.close() });
    leases.take(METHOD, { id: '1', retryCount: 0, operation: 'operations/1' }, 0);
    const advance = async (beats: number) => {
      for (let beat = 0; beat < beats; beat++) {
        await clock.advance(BEAT_MS);
        await clock.whenArmed(1);
      }
      expect(notified).toBe(searches);
      return searches;
    };
    return {
      advance,
      errors,
      suspend: (ms: number) => {
        suspendedMs += ms;
      },
      step: (ms: number) => {
        stepMs += ms;
      },
      setAway: (away: boolean) => {
        isAway = away;
      },
    };
  };

  it('begins a whole lease after the server has started, and is repeated at each beat', async () => {
    const { advance } = start();
    expect(await advance(2)).toBe(0);
    expect(await advance(1)).toBe(1);
    expect(await advance(2)).toBe(3);
  });

  it.each([
    [LEASE_MS - BEAT_MS, 1],
    [LEASE_MS - BEAT_MS + 1, 0],
    [10 * LEASE_MS, 0],
  ])(
    'is put off for a lease after the process was suspended for %d ms beyond a beat: searches %d',
    async (ms, searches) => {
      const { advance, suspend } = start();
      suspend(ms);
      expect(await advance(1)).toBe(searches);
      if (searches > 0) return;
      expect(await advance(2)).toBe(0);
      expect(await advance(1)).toBe(1);
    },
  );

  it.each([BEAT_MS + 1, -BEAT_MS - 1])(
    'is put off for a lease after a step of the clock by %d ms',
    async (ms) => {
      const { advance, step } = start();
      expect(await advance(4)).toBe(2);
      step(ms);
      expect(await advance(3)).toBe(2);
      expect(await advance(1)).toBe(3);
    },
  );

  it('is put off for a lease after the claims could not be renewed', async () => {
    const { advance, errors, setAway } = start();
    expect(await advance(4)).toBe(2);
    setAway(true);
    expect(await advance(2)).toBe(2);
    setAway(false);
    expect(await advance(2)).toBe(2);
    expect(await advance(1)).toBe(3);
    expect(errors).toEqual([new Error('away'), new Error('away')]);
  });
});

describe('work in progress', () => {
  const claim = (id: string, retryCount = 0): Claim => ({ id, retryCount, operation: 'operations/1' });
  const start = () => {
    const clock = manualClock();
    const renewed: Claim[][] = [];
    const jobs = {
      renew: async (_method: string, claims: readonly Claim[]) => void renewed.push([...claims]),
      releaseLapsed: async () => {},
      now: async () => clock.now(),
    };
    const leases = new Leases({ jobs, leaseMs: LEASE_MS, clock, onLapsed: () => {}, onError: () => {} });
    closing({ [Symbol.asyncDispose]: () => leases.close() });
    return { clock, leases, renewed };
  };

  it('whose claim lapsed and came back to this server: continues under the new claim', async () => {
    const { clock, leases, renewed } = start();
    expect(leases.take(METHOD, claim('1'), 3)).toBe(true);
    // Starting the work may or may not have incremented the attempt.
    expect(leases.take(METHOD, claim('1', 1), 4)).toBe(false);
    expect(leases.take(METHOD, claim('1', 2), 3)).toBe(false);
    await clock.advance(BEAT_MS);
    expect(renewed).toEqual([[claim('1', 2)]]);
    expect(leases.drop('operations/1', 3)).toEqual(claim('1', 2));
    expect(leases.drop('operations/1', 3)).toBeUndefined();
    await clock.advance(BEAT_MS);
    expect(renewed).toHaveLength(1);
  });

  it('that another server has started since: is new, and the old work cannot drop it', async () => {
    const { leases } = start();
    leases.take(METHOD, claim('1'), 3);
    expect(leases.take(METHOD, claim('1', 2), 5)).toBe(true);
    expect(leases.drop('operations/1', 3)).toBeUndefined();
    expect(leases.drop('operations/1', 5)).toEqual(claim('1', 2));
  });
});
