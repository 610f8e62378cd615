import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { STORES } from '../stores/stores.js';
import { ACTIONS, type Action, Race } from './race.js';

/** Consecutive actions of one client; several clients act concurrently. */
const client: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.record({ type: fc.constantFrom(...ACTIONS), target: fc.nat({ max: 3 }) }),
  { maxLength: 10 },
);

describe.each(STORES)('races › $name store', ({ open, numRuns }) => {
  it.each(['honor', 'ignore'] as const)(
    'any interleaving of clients, work that would %s cancellation, and store: matches the model (contract 4, 12, 13, 14, 16, 17, 20)',
    async (onAbort) => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(client, { minLength: 1, maxLength: 4 }),
          fc.integer({ min: 1, max: 3 }),
          async (scheduler, clients, maxRunning) => {
            await using race = new Race({ scheduler, store: await open(), onAbort, maxRunning });
            await race.start(2);
            await race.run(clients);
            await race.settle();
            race.check();
          },
        ),
        { numRuns: Math.min(numRuns, 150) },
      );
    },
    30_000,
  );
});
