import { describe, expect, it } from '@jest/globals';
import type { ConsumeOptions, WorkOutcome } from '../../../src/stores/contract/operation-store.js';
import { Dispatcher, type DispatcherOptions } from '../../../src/stores/postgres/dispatcher.js';
import type { Claim } from '../../../src/stores/postgres/jobs.js';
import { ended, recordOf } from '../stores.js';

const METHOD = '/s/m';

const consuming: ConsumeOptions = { methods: new Set([METHOD]), maxRunning: 10, onError: () => {} };

const claimOf = (id: number): Claim => ({ id: `${id}`, retryCount: 0, operation: recordOf(id).name });

/** Starts a dispatcher with jobs provided by the test. */
function startDispatcher(options: Partial<DispatcherOptions> = {}) {
  const { promise: claims, resolve: claimed } = Promise.withResolvers<readonly Claim[]>();
  const completed: Claim[] = [];
  const released: Claim[] = [];
  const handled: string[] = [];
  let asked = 0;
  const dispatcher = new Dispatcher({
    ...consuming,
    jobs: {
      prepare: async () => {},
      claim: async () => (asked++ === 0 ? await claims : []),
      complete: async (_method, claims) => void completed.push(...claims),
    },
    leases: { take: () => true, drop: (operation) => ({ ...claimOf(0), operation }) },
    read: async (names) => {
      const ids = names.map((name) => Number(name.split('/').at(-1)));
      // Operation 2 has ended, and operation 3 was deleted.
      const records = ids.flatMap((id) => (id === 3 ? [] : [recordOf(id, id === 2 ? ended(5) : {})]));
      return new Map(records.map((record) => [record.name, record]));
    },
    async release(_method, claims) {
      await new Promise(setImmediate);
      released.push(...claims);
    },
    handler: async ({ name }) => {
      handled.push(name);
      return 'ended';
    },
    ...options,
  });
  return { dispatcher, claimed, completed, released, handled };
}

describe('a dispatcher', () => {
  it('hands out pending work, and completes jobs of operations that have ended or were deleted', async () => {
    const { dispatcher, claimed, completed, released, handled } = startDispatcher();
    claimed([1, 2, 3].map(claimOf));
    while (completed.length < 3) await new Promise(setImmediate);
    await dispatcher.close();
    expect(handled).toEqual([recordOf(1).name]);
    expect(completed.map(({ operation }) => operation).sort()).toEqual(
      [1, 2, 3].map((id) => recordOf(id).name),
    );
    expect(released).toEqual([]);
  });

  it('that is stopped while it claims releases all claims, and hands out none', async () => {
    const { dispatcher, claimed, completed, released, handled } = startDispatcher();
    const closed = dispatcher.close();
    claimed([1, 2, 3].map(claimOf));
    await closed;
    expect(released).toEqual([1, 2, 3].map(claimOf));
    expect([...handled, ...completed]).toEqual([]);
  });

  it.each<[WorkOutcome, number, number]>([
    ['ended', 1, 0],
    ['released', 0, 1],
    ['superseded', 0, 0],
  ])('whose work was %s: completes %d jobs and releases %d', async (outcome, completions, releases) => {
    const { dispatcher, claimed, completed, released } = startDispatcher({ handler: async () => outcome });
    claimed([claimOf(1)]);
    await new Promise(setImmediate);
    await dispatcher.close();
    expect([completed.length, released.length]).toEqual([completions, releases]);
  });

  it('whose handler rejects, or whose claim is lost: leaves the job unchanged', async () => {
    const errors: unknown[] = [];
    const failing = startDispatcher({
      onError: (error) => errors.push(error),
      handler: () => Promise.reject(new Error('unknown')),
    });
    const superseded = startDispatcher({ leases: { take: () => true, drop: () => undefined } });
    for (const { claimed, completed, released, dispatcher } of [failing, superseded]) {
      claimed([claimOf(1)]);
      await new Promise(setImmediate);
      await dispatcher.close();
      // Not toEqual: to it, undefined in an array is nothing.
      expect([...completed, ...released]).toStrictEqual([]);
    }
    expect(errors).toEqual([new Error('unknown')]);
  });

  it('does not begin work again whose claim lapsed and came back to this server', async () => {
    const taken: unknown[] = [];
    const { dispatcher, claimed, completed, released, handled } = startDispatcher({
      leases: {
        take: (...claim) => {
          taken.push(claim);
          return false;
        },
        drop: () => undefined,
      },
    });
    claimed([claimOf(1)]);
    await new Promise(setImmediate);
    await dispatcher.close();
    expect(taken).toEqual([[METHOD, claimOf(1), 0]]);
    expect([handled, completed, released]).toStrictEqual([[], [], []]);
  });

  it.each([
    ['ends', async (): Promise<WorkOutcome> => 'ended'],
    ['is superseded', async (): Promise<WorkOutcome> => 'superseded'],
    ['has an unknown outcome', (): Promise<WorkOutcome> => Promise.reject(new Error('unknown'))],
  ])('no longer renews the claim of work that %s', async (_, handler) => {
    const held = new Set<string>();
    const { dispatcher, claimed } = startDispatcher({
      handler,
      leases: {
        take: (_method, { operation }) => {
          held.add(operation);
          return true;
        },
        drop: (operation) => (held.delete(operation) ? claimOf(1) : undefined),
      },
    });
    claimed([claimOf(1)]);
    await new Promise(setImmediate);
    await dispatcher.close();
    expect(held).toEqual(new Set());
  });
});

/** Starts a dispatcher on queues that the test fills. Each run ends when the test says so. */
function dispatchQueues(queues: Record<string, Claim[]>, options: Partial<DispatcherOptions> = {}) {
  const asked: [string, number][] = [];
  const completed: string[] = [];
  const runs = new Map<string, () => void>();
  const methods = new Map<string, string>();
  let claiming = 0;
  let mostClaiming = 0;
  const dispatcher = new Dispatcher({
    ...consuming,
    methods: new Set(Object.keys(queues)),
    jobs: {
      prepare: async () => {},
      async claim(method, limit) {
        asked.push([method, limit]);
        mostClaiming = Math.max(mostClaiming, ++claiming);
        await new Promise(setImmediate);
        claiming--;
        const claims = queues[method]?.splice(0, limit) ?? [];
        for (const { operation } of claims) methods.set(operation, method);
        return claims;
      },
      complete: async (_method, claims) => void completed.push(...claims.map(({ operation }) => operation)),
    },
    leases: { take: () => true, drop: (operation) => ({ ...claimOf(0), operation }) },
    read: async (names) =>
      new Map(names.map((name) => [name, { ...recordOf(0), name, method: methods.get(name) ?? METHOD }])),
    release: async () => {},
    handler: async ({ name }) => {
      await new Promise<void>((resolve) => runs.set(name, resolve));
      return 'ended';
    },
    ...options,
  });
  const idle = async () => {
    for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate);
  };
  const end = async (id: number) => {
    runs.get(recordOf(id).name)?.();
    await idle();
  };
  return { dispatcher, asked, completed, runs, idle, end, mostClaiming: () => mostClaiming };
}

const claimsOf = (...ids: number[]) => ids.map(claimOf);

describe('a dispatcher of several methods', () => {
  it('claims no more than it may run, and more whenever work ends (contract 17)', async () => {
    const queues = { a: claimsOf(1, 2, 3, 4, 5) };
    const { dispatcher, asked, runs, idle, end } = dispatchQueues(queues, { maxRunning: 2 });
    await idle();
    expect(asked).toEqual([['a', 2]]);
    await end(1);
    expect(asked).toEqual([
      ['a', 2],
      ['a', 1],
    ]);
    expect([...runs.keys()]).toEqual([1, 2, 3].map((id) => recordOf(id).name));
    for (const id of [2, 3, 4, 5]) await end(id);
    expect(runs.size).toBe(5);
    // The last claims found less than they asked for, so nothing is asked until it is woken.
    const before = asked.length;
    await idle();
    expect(asked).toHaveLength(before);
    await dispatcher.close();
  });

  it('claims no more of a method than its own limit, and more when that work ends', async () => {
    const queues = { a: claimsOf(1, 2, 3), b: claimsOf(4, 5, 6, 7) };
    const { dispatcher, asked, runs, idle, end } = dispatchQueues(queues, {
      maxRunning: 5,
      maxRunningOf: (method) => (method === 'a' ? 2 : Number.POSITIVE_INFINITY),
    });
    const begun = () => [...runs.keys()].map((name) => Number(name.split('/').at(-1)));
    await idle();
    expect(asked).toEqual([
      ['a', 2],
      ['b', 3],
    ]);
    expect(begun()).toEqual([1, 2, 4, 5, 6]);
    // The room of other methods is not for this one, and the other way round.
    await end(4);
    expect(begun()).toEqual([1, 2, 4, 5, 6, 7]);
    await end(5);
    await end(6);
    expect(begun()).toEqual([1, 2, 4, 5, 6, 7]);
    await end(1);
    expect(begun()).toEqual([1, 2, 4, 5, 6, 7, 3]);
    for (const id of [2, 3, 7]) await end(id);
    await dispatcher.close();
  });

  it.each([
    ['a higher limit than the server', 9, 3],
    ['the same limit as the server', 3, 3],
    ['a lower limit', 1, 1],
    ['no limit of its own', Number.POSITIVE_INFINITY, 3],
  ])('claims for a method with %s', async (_, limit, expected) => {
    const { asked, runs, idle } = dispatchQueues(
      { a: claimsOf(1, 2, 3, 4, 5) },
      { maxRunning: 3, maxRunningOf: () => limit },
    );
    await idle();
    expect(asked[0]).toEqual(['a', expected]);
    expect(runs.size).toBe(expected);
    for (const end of runs.values()) end();
  });

  it('claims at most 100 at once, and again while that many are found', async () => {
    const ids = Array.from({ length: 150 }, (_, id) => id + 10);
    const { asked, runs, idle } = dispatchQueues({ a: claimsOf(...ids) }, { maxRunning: 1000 });
    await idle();
    expect(asked).toEqual([
      ['a', 100],
      ['a', 100],
    ]);
    expect(runs.size).toBe(150);
    for (const end of runs.values()) end();
  });

  it('asks for the methods that it is woken for, one at a time, and for no others', async () => {
    const queues: Record<string, Claim[]> = { a: [], b: [] };
    const { dispatcher, asked, runs, idle, mostClaiming } = dispatchQueues(queues);
    await idle();
    expect(asked.map(([method]) => method)).toEqual(['a', 'b']);
    dispatcher.wake('c');
    await idle();
    expect(asked).toHaveLength(2);
    queues.b?.push(...claimsOf(1));
    for (let times = 0; times < 3; times++) dispatcher.wake('b');
    await idle();
    expect([...runs.keys()]).toEqual([recordOf(1).name]);
    queues.a?.push(...claimsOf(2));
    dispatcher.wake();
    await idle();
    expect([...runs.keys()]).toEqual([1, 2].map((id) => recordOf(id).name));
    expect(mostClaiming()).toBe(1);
    for (const end of runs.values()) end();
  });

  it('continues with the other methods when one cannot be claimed', async () => {
    const errors: unknown[] = [];
    const broken = new Error('no such queue');
    const { dispatcher, runs, idle } = dispatchQueues(
      { a: claimsOf(1), b: claimsOf(2) },
      {
        onError: (error) => errors.push(error),
        jobs: {
          prepare: async (method) => {
            if (method === 'a') throw broken;
          },
          claim: async () => (runs.size === 0 ? claimsOf(2) : []),
          complete: async () => {},
        },
      },
    );
    await idle();
    expect(errors).toEqual([broken]);
    expect([...runs.keys()]).toEqual([recordOf(2).name]);
    for (const end of runs.values()) end();
    await dispatcher.close();
  });

  it('closes once its work has ended and the jobs are completed', async () => {
    const completing = Promise.withResolvers<void>();
    const completed: string[] = [];
    const { dispatcher, idle, end } = dispatchQueues(
      { a: claimsOf(1) },
      {
        jobs: {
          prepare: async () => {},
          claim: async () => (completed.length === 0 ? claimsOf(1) : []),
          async complete(_method, claims) {
            completed.push(...claims.map(({ operation }) => operation));
            await completing.promise;
          },
        },
        maxRunning: 1,
      },
    );
    await idle();
    let isClosed = false;
    const closed = dispatcher.close().then(() => {
      isClosed = true;
    });
    await idle();
    expect([isClosed, completed]).toEqual([false, []]);
    await end(1);
    expect([isClosed, completed]).toEqual([false, [recordOf(1).name]]);
    completing.resolve();
    await closed;
  });

  it('completes jobs that end meanwhile together, and goes on after a completion that fails', async () => {
    const gate = Promise.withResolvers<void>();
    const errors: unknown[] = [];
    const batches: string[][] = [];
    const queue = claimsOf(1, 2, 3);
    const { dispatcher, idle, end } = dispatchQueues(
      { a: [] },
      {
        onError: (error) => errors.push(error),
        jobs: {
          prepare: async () => {},
          claim: async (_method, limit) => queue.splice(0, limit),
          async complete(_method, claims) {
            batches.push(claims.map(({ operation }) => operation));
            if (batches.length === 1) await gate.promise;
          },
        },
      },
    );
    await idle();
    for (const id of [1, 2, 3]) await end(id);
    expect(batches).toEqual([[recordOf(1).name]]);
    const away = new Error('away');
    gate.reject(away);
    await idle();
    expect(batches).toEqual([[recordOf(1).name], [recordOf(2).name, recordOf(3).name]]);
    expect(errors).toEqual([away]);
    await dispatcher.close();
  });
});
