import { describe, expect, it } from '@jest/globals';
import { OpenWaits } from '../../src/server/service/wait.js';
import { type ManualClock, manualClock } from '../../src/testing/clock/manual-clock.js';

/** Waits that note when they are ended, in milliseconds after the beginning. */
function openWaits(clock: ManualClock = manualClock()) {
  const startedAt = clock.now();
  const waits = new OpenWaits(clock);
  const ended: string[] = [];
  const wait = (name: string, whenEnded = () => {}) => ({
    end() {
      ended.push(`${name} at ${clock.now() - startedAt}`);
      whenEnded();
    },
  });
  return { clock, waits, ended, wait };
}

describe('open waits', () => {
  it('end at their respective timeouts, and not before (contract 22)', async () => {
    const { clock, waits, ended, wait } = openWaits();
    waits.add(wait('b'), 20);
    waits.add(wait('a'), 10);
    await clock.advance(9);
    expect(ended).toEqual([]);
    await clock.advance(100);
    expect(ended).toEqual(['a at 10', 'b at 20']);
  });

  it('never end a fraction of a millisecond early (contract 23)', async () => {
    const { clock, waits, ended, wait } = openWaits();
    waits.add(wait('a'), 0.1);
    await clock.advance(0);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual(['a at 1']);
  });

  it('share one timer if thousands end in the same millisecond, whenever they started', async () => {
    const { clock, waits, ended, wait } = openWaits();
    for (let id = 0; id < 5000; id++) {
      waits.add(wait('first'), 1000);
      waits.add(wait('fraction'), 999.5);
    }
    await clock.advance(400);
    for (let id = 0; id < 5000; id++) waits.add(wait('second'), 600);
    expect(clock.armed).toBe(1);
    await clock.advance(599);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toHaveLength(15_000);
    expect(clock.armed).toBe(0);
  });

  it('leave no timer once the last of a millisecond is removed, and can be removed only once', async () => {
    const { clock, waits, ended, wait } = openWaits();
    const [first, second, other] = [wait('first'), wait('second'), wait('other')];
    waits.add(first, 10);
    waits.add(second, 10);
    waits.add(other, 20);
    waits.delete(first);
    expect(clock.armed).toBe(2);
    waits.delete(second);
    waits.delete(second);
    waits.delete(wait('never added'));
    expect(clock.armed).toBe(1);
    await clock.advance(10);
    expect(ended).toEqual([]);
    waits.delete(other);
    expect(clock.armed).toBe(0);
  });

  it('may be removed, and others added for the same millisecond, while they end', async () => {
    const { clock, waits, ended, wait } = openWaits();
    const late = wait('late');
    const first = wait('first', () => {
      waits.delete(first);
      waits.add(late, 0);
    });
    waits.add(first, 10);
    waits.add(wait('second'), 10);
    await clock.advance(10);
    expect(ended).toEqual(['first at 10', 'second at 10', 'late at 10']);
    waits.delete(late);
    expect(clock.armed).toBe(0);
  });

  it('all end when the server closes, and later ones end immediately', async () => {
    const { clock, waits, ended, wait } = openWaits();
    const [first, second] = [wait('first', () => waits.delete(first)), wait('second')];
    waits.add(first, 10);
    waits.add(second, Number.MAX_SAFE_INTEGER);
    waits.close();
    waits.add(wait('late'), 10);
    expect(ended).toEqual(['first at 0', 'second at 0', 'late at 0']);
    waits.delete(second);
    expect(clock.armed).toBe(0);
  });
});
