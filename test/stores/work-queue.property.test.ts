import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { WorkOutcome } from '../../src/stores/contract/operation-store.js';
import { WorkQueue } from '../../src/stores/contract/work-queue.js';
import { settled } from '../../src/testing/clock/manual-clock.js';

const METHODS = ['a', 'b', 'c'] as const;
/** Limits by method; undefined for none. */
const limits = fc.record({
  a: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  b: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  c: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
});
const operations = fc.uniqueArray(fc.record({ id: fc.nat(), method: fc.constantFrom(...METHODS) }), {
  selector: ({ id }) => id,
  maxLength: 20,
});
const one = { methods: new Set(['a']), maxRunning: 1, onError: () => {} };

describe('work queue', () => {
  it('hands out everything once, oldest first, within all limits, and leaves no room unused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        operations,
        fc.nat({ max: 20 }),
        fc.integer({ min: 1, max: 4 }),
        limits,
        async (scheduler, items, pushedBefore, maxRunning, limitOf) => {
          const queue = new WorkQueue();
          const push = (some: typeof items) => {
            for (const { id, method } of some) queue.push(`${id}`, method);
          };
          push(items.slice(0, pushedBefore));
          const waiting = new Map(items.map(({ id, method }) => [`${id}`, method]));
          const begun: string[] = [];
          const inHand = new Map<string, string>();
          const runningOf = (wanted: string) => [...inHand.values()].filter((each) => each === wanted).length;
          const maxRunningOf = (method: string) =>
            limitOf[method as (typeof METHODS)[number]] ?? Number.POSITIVE_INFINITY;
          const onError = (error: unknown) => {
            throw error;
          };
          const handler = async (name: string): Promise<WorkOutcome> => {
            const method = waiting.get(name) ?? '';
            begun.push(name);
            inHand.set(name, method);
            expect(inHand.size).toBeLessThanOrEqual(maxRunning);
            expect(runningOf(method)).toBeLessThanOrEqual(maxRunningOf(method));
            waiting.delete(name);
            await scheduler.schedule(Promise.resolve(), `work on ${name}`);
            inHand.delete(name);
            return 'ended';
          };
          queue.consume(handler, { methods: new Set(METHODS), maxRunning, maxRunningOf, onError });
          push(items.slice(pushedBefore));
          for (await settled(); scheduler.count() > 0; await settled()) {
            const hasRoom = ([, method]: [string, string]) => runningOf(method) < maxRunningOf(method);
            if (inHand.size < maxRunning) expect([...waiting].filter(hasRoom)).toEqual([]);
            await scheduler.waitOne();
          }
          expect(waiting.size).toBe(0);
          for (const method of METHODS) {
            const ids = items.filter((item) => item.method === method).map(({ id }) => `${id}`);
            expect(begun.filter((name) => ids.includes(name))).toEqual(ids);
          }
          const isLimited = Object.values(limitOf).some((limit) => limit !== undefined);
          if (!isLimited) expect(begun).toEqual(items.map(({ id }) => `${id}`));
        },
      ),
    );
  });

  it('hands out nothing twice that is pushed again while it waits or is in progress', async () => {
    const queue = new WorkQueue();
    const begun: string[] = [];
    const inHand = Promise.withResolvers<WorkOutcome>();
    const handler = (name: string) => {
      begun.push(name);
      return begun.length === 1 ? inHand.promise : Promise.resolve<WorkOutcome>('ended');
    };
    queue.consume(handler, { ...one, maxRunning: 2 });
    for (const name of ['1', '1', '2', '2']) queue.push(name, 'a');
    await settled();
    queue.push('1', 'a');
    await settled();
    expect(begun).toEqual(['1', '2']);
    inHand.resolve('released');
    await settled();
    expect(begun).toEqual(['1', '2', '1']);
  });

  it('keeps operations of a method that is consumed later', async () => {
    const queue = new WorkQueue();
    const begun: string[] = [];
    const methods = new Set(['a']);
    const handler = (name: string): WorkOutcome => {
      begun.push(name);
      return 'ended';
    };
    queue.push('1', 'b');
    const consumer = queue.consume(handler, { ...one, methods });
    queue.push('2', 'a');
    await settled();
    expect(begun).toEqual(['2']);
    methods.add('b');
    consumer.added?.('b');
    await settled();
    expect(begun).toEqual(['2', '1']);
  });

  it('continues after failed work, and reports it', async () => {
    const queue = new WorkQueue();
    const errors: unknown[] = [];
    const begun: string[] = [];
    const last = Promise.withResolvers<void>();
    const handler = async (name: string) => {
      begun.push(name);
      if (name !== 'last') throw new Error(name);
      last.resolve();
      return 'ended' as const;
    };
    queue.consume(handler, { ...one, onError: (error) => errors.push(error) });
    for (const name of ['x', 'y', 'last']) queue.push(name, 'a');
    await last.promise;
    expect(begun).toEqual(['x', 'y', 'last']);
    expect(errors).toEqual([new Error('x'), new Error('y')]);
  });

  it('hands out nothing after it stopped, even when work in progress ends', async () => {
    const queue = new WorkQueue();
    const begun: string[] = [];
    const inHand = Promise.withResolvers<WorkOutcome>();
    const handler = (name: string) => {
      begun.push(name);
      return inHand.promise;
    };
    const consumer = queue.consume(handler, one);
    queue.push('1', 'a');
    queue.push('2', 'a');
    await settled();
    consumer.stop();
    inHand.resolve('ended');
    await inHand.promise;
    queue.push('3', 'a');
    await settled();
    expect(begun).toEqual(['1']);
  });
});
