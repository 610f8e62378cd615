import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { WorkOutcome } from '../../src/stores/contract/operation-store.js';
import { WorkQueue } from '../../src/stores/contract/work-queue.js';
import { settled } from '../../src/testing/clock/manual-clock.js';

describe('work queue', () => {
  it('hands out everything once, in order, within its maxRunning', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.uniqueArray(fc.nat(), { maxLength: 20 }),
        fc.nat({ max: 20 }),
        fc.integer({ min: 1, max: 4 }),
        async (scheduler, items, pushedBefore, maxRunning) => {
          const queue = new WorkQueue<number>();
          for (const item of items.slice(0, pushedBefore)) queue.push(item);
          const begun: number[] = [];
          let inHand = 0;
          let most = 0;
          const onError = (error: unknown) => {
            throw error;
          };
          const handler = async (item: number) => {
            begun.push(item);
            most = Math.max(most, ++inHand);
            await scheduler.schedule(Promise.resolve(), `work on ${item}`);
            inHand--;
            return 'ended' as const;
          };
          queue.consume(handler, { maxRunning, onError });
          for (const item of items.slice(pushedBefore)) queue.push(item);
          for (await settled(); scheduler.count() > 0; await settled()) await scheduler.waitOne();
          expect(begun).toEqual(items);
          expect(most).toBeLessThanOrEqual(maxRunning);
        },
      ),
    );
  });

  it('continues after failed work, and reports it', async () => {
    const queue = new WorkQueue<string>();
    const errors: unknown[] = [];
    const begun: string[] = [];
    const last = Promise.withResolvers<void>();
    const handler = async (item: string) => {
      begun.push(item);
      if (item !== 'last') throw new Error(item);
      last.resolve();
      return 'ended' as const;
    };
    queue.consume(handler, { maxRunning: 1, onError: (error) => errors.push(error) });
    for (const item of ['a', 'b', 'last']) queue.push(item);
    await last.promise;
    expect(begun).toEqual(['a', 'b', 'last']);
    expect(errors).toEqual([new Error('a'), new Error('b')]);
  });

  it('hands out nothing after it stopped, even when work in progress ends', async () => {
    const queue = new WorkQueue<number>();
    const begun: number[] = [];
    const inHand = Promise.withResolvers<WorkOutcome>();
    const handler = (item: number) => {
      begun.push(item);
      return inHand.promise;
    };
    const consumer = queue.consume(handler, { maxRunning: 1, onError: () => {} });
    queue.push(1);
    queue.push(2);
    await settled();
    consumer.stop();
    inHand.resolve('ended');
    await inHand.promise;
    queue.push(3);
    await settled();
    expect(begun).toEqual([1]);
  });
});
