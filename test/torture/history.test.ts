import { describe, expect, it } from '@jest/globals';
import { type Done, type EventFacts, type HistoryEvent, violations } from './history.ts';

const NAME = 'operations/a';

/** Events of one operation, one millisecond apart. */
function history(...events: EventFacts[]): HistoryEvent[] {
  return events.map((event, at) => ({ name: NAME, at, ...event }) as HistoryEvent);
}

function done(facts: Partial<Done> = {}): Done {
  return {
    ending: { type: 'succeeded', attempt: 1 },
    message: 'm',
    cancelRequested: false,
    endTime: 0,
    ...facts,
  };
}

const started = { type: 'start acknowledged' } as const;
const began = { type: 'work began', attempt: 1, server: 1 } as const;
const cancelled = { type: 'cancel acknowledged' } as const;
const seen = (facts?: Partial<Done>) => ({ type: 'seen', askedAt: 100, done: done(facts) }) as const;

describe('history', () => {
  it('of a correct life cycle has no violation', () => {
    const going = { type: 'seen', askedAt: 1 } as const;
    const wait = { type: 'wait began', wait: 1 } as const;
    const returned = { type: 'wait returned', wait: 1 } as const;
    expect(violations(history(started, wait, began, going, seen(), returned))).toEqual([]);
  });

  it('of cancels that found it done, reached the work, or arrived as it returned has no violation', () => {
    const reached = { type: 'work was cancelled', attempt: 1 } as const;
    const returns = { type: 'work returns', attempt: 1 } as const;
    const late = seen({ cancelRequested: true, endTime: 50 });
    for (const events of [
      history(started, began, cancelled, seen({ endTime: 2 })),
      history(
        started,
        began,
        cancelled,
        seen({ ending: { type: 'cancelled' }, cancelRequested: true, endTime: 50 }),
      ),
      history(started, began, cancelled, reached, late),
      history(started, began, returns, cancelled, late),
    ]) {
      expect(violations(events)).toEqual([]);
    }
  });

  it.each<[string, HistoryEvent[], string]>([
    ['is lost', history(started, { type: 'not found' }, began, seen()), 'not found'],
    ['never ends', history(started, { type: 'seen', askedAt: 1 }), 'has not ended'],
    ['is never seen again', history(started), 'has not ended'],
    ['has two endings', history(started, began, seen(), seen({ message: 'other' })), 'several endings'],
    [
      'goes on after its end',
      history(started, began, { ...seen(), askedAt: 1 }, { type: 'seen', askedAt: 4 }, seen()),
      'going on after its end',
    ],
    ['is begun twice at one attempt', history(started, began, began, seen()), 'attempt 1 was begun 2 times'],
    [
      'is ended by an attempt that was superseded',
      history(started, began, { ...began, attempt: 2 }, seen()),
      'attempt 2 began, and attempt 1 ended it',
    ],
    ['forgets a cancel', history(started, began, cancelled, seen({ endTime: 50 })), 'forgot a cancel'],
    [
      'runs to its end in spite of a cancel',
      history(started, began, cancelled, seen({ cancelRequested: true, endTime: 50 })),
      'as if no cancel',
    ],
    ['leaves a wait hanging', history(started, began, { type: 'wait began', wait: 1 }, seen()), 'wait 1'],
  ])('of an operation that %s has that violation', (_, events, violation) => {
    expect(violations(events)).toEqual([expect.stringContaining(violation)]);
  });
});
