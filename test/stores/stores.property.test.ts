import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { matchesParent } from '../../src/core/name.js';
import {
  type ListedOperation,
  type ListPage,
  type ListQuery,
  MAX_EXAMINED,
  type OperationRecord,
  type OperationStore,
} from '../../src/stores/contract/operation-store.js';
import { memoryStore } from '../../src/stores/memory/memory-store.js';
import { processFaults } from '../helpers/process-faults.js';
import { ended, recordOf, STORES, type TestedStore } from './stores.js';

const PARENTS = ['a', 'b', 'a/x', ''] as const;
const PATTERNS = [...PARENTS, '-', 'a/-', '-/x'] as const;

type Step =
  | { readonly type: 'create'; readonly parent: string; readonly expireTime: number | undefined }
  | { readonly type: 'delete'; readonly target: number }
  | { readonly type: 'page' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('create' as const),
    parent: fc.constantFrom(...PARENTS),
    expireTime: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
  }),
  fc.record({ type: fc.constant('delete' as const), target: fc.nat() }),
  fc.record({ type: fc.constant('page' as const) }),
);

/** Reads a complete listing, page by page. `between` runs after each page but the last. */
async function listAll(
  store: OperationStore,
  query: Omit<ListQuery, 'after'>,
  between: () => Promise<void> = async () => {},
): Promise<string[]> {
  const names: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.list(after === undefined ? query : { ...query, after });
    expect(page.records.length).toBeLessThanOrEqual(query.limit);
    names.push(...page.records.map(({ name }) => name));
    if (page.next === undefined) return names;
    expect(page.records).toHaveLength(query.limit);
    after = page.next;
    await between();
  }
}

/** Fields of a page that every store returns: some stores return more. */
function listed({ records }: ListPage): ListedOperation[] {
  return records.map(listedOf);
}

function listedOf(record: ListedOperation | undefined): ListedOperation {
  const { name, createTime, endTime, metadata, result } = record as ListedOperation;
  return { name, createTime, endTime, metadata, result };
}

describe.each(STORES)('$name store', ({ open, numRuns }: TestedStore) => {
  const opened: OperationStore[] = [];
  const openStore = async () => {
    const store = await open();
    opened.push(store);
    return store;
  };
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });

  it('lists existing operations, newest first, after any creations and deletions (contract 25, 34)', async () => {
    const listing = fc.record({
      parent: fc.constantFrom(...PATTERNS),
      limit: fc.integer({ min: 1, max: 5 }),
      now: fc.nat({ max: 21 }),
      matches: fc.constantFrom(undefined, ({ createTime }: ListedOperation) => createTime % 3 === 0),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), listing, async (steps, query) => {
        const store = await openStore();
        let model: OperationRecord[] = [];
        for (const [id, taken] of steps.entries()) {
          if (taken.type === 'create') {
            const record = recordOf(id, {
              parent: taken.parent,
              ...(taken.expireTime === undefined ? {} : ended(taken.expireTime)),
            });
            await store.create(record);
            model.unshift(record);
          }
          if (taken.type === 'delete' && model.length > 0) {
            const { name } = model[taken.target % model.length] as OperationRecord;
            expect(await store.delete(name)).toBe(true);
            expect(await store.delete(name)).toBe(false);
            model = model.filter((record) => record.name !== name);
          }
        }
        const wanted = model.filter(
          (record) =>
            matchesParent(query.parent, record.parent) &&
            (record.expireTime === undefined || record.expireTime > query.now) &&
            (query.matches?.(record) ?? true),
        );
        expect(await listAll(store, query)).toEqual(wanted.map(({ name }) => name));
      }),
      { numRuns },
    );
  });

  it('lists whatever exists throughout exactly once, despite changes between pages (contract 28)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, limit) => {
          const store = await openStore();
          const names: string[] = [];
          for (let id = 0; id < 20; id++) {
            const record = recordOf(id);
            await store.create(record);
            names.unshift(record.name);
          }
          const doomed = new Set<string>();
          let id = names.length;
          const remaining = [...steps];
          const seen = await listAll(store, { parent: 'a', limit, now: 0 }, async () => {
            for (let next = remaining.shift(); next && next.type !== 'page'; next = remaining.shift()) {
              if (next.type === 'create') await store.create(recordOf(id++, { parent: next.parent }));
              else {
                const name = names[next.target % names.length] as string;
                doomed.add(name);
                await store.delete(name);
              }
            }
          });
          expect(new Set(seen).size).toBe(seen.length);
          expect(seen.filter((name) => !doomed.has(name))).toEqual(names.filter((name) => !doomed.has(name)));
        },
      ),
      { numRuns },
    );
  });

  it('ends a page after MAX_EXAMINED records, yields to other work, and omits none (contract 28, 29)', async () => {
    const store = await openStore();
    const count = 2 * MAX_EXAMINED + 1;
    const records = Array.from({ length: count }, (_, id) => recordOf(id, { parent: id % 2 ? 'a' : 'b' }));
    // The oldest first, the others in any order.
    for (const record of records.slice(0, 1)) await store.create(record);
    await Promise.all(records.slice(1).map((record) => store.create(record)));
    const query = {
      parent: '-',
      now: 0,
      limit: 10,
      matches: ({ createTime }: ListedOperation) => createTime < 2,
    };
    let turns = 0;
    let timer = setImmediate(function turn() {
      turns++;
      timer = setImmediate(turn);
    });
    const first = await store.list(query);
    clearImmediate(timer);
    expect(turns).toBeGreaterThan(10);
    expect(first).toEqual({ records: [], next: expect.any(String) });
    const second = await store.list({ ...query, after: first.next as string });
    expect(listed(second)).toEqual([listedOf(records[1])]);
    expect(second.next).toEqual(expect.any(String));
    const third = await store.list({ ...query, after: second.next as string });
    expect(listed(third)).toEqual([listedOf(records[0])]);
    expect(third.next).toBeUndefined();
  });

  it('compares and sets: of two writers that read the same version one wins (contract 16)', async () => {
    const store = await openStore();
    const record = recordOf(1);
    await store.create(record);
    const changed = { ...record, version: 2 };
    const attempts = [1, 2];
    const won = await Promise.all(attempts.map((attempt) => store.compareAndSet({ ...changed, attempt }, 1)));
    // Any one may win: a database may execute concurrent requests in any order.
    expect(won.filter(Boolean)).toHaveLength(1);
    const winner = attempts[won.indexOf(true)];
    expect(await store.get(record.name)).toMatchObject({ version: 2, attempt: winner });
    expect(await store.compareAndSet(recordOf(2), 1)).toBe(false);
  });

  it('stores and distinguishes request ids of up to 1,024 arbitrary characters (contract 8)', async () => {
    const character = fc.oneof(
      fc.constantFrom('\\', "'", '"', '%', '{', ',', 'NULL', '\u{ffff}', '\u{1f600}'),
      fc.integer({ min: 0x4e00, max: 0x9fff }).map((point) => String.fromCodePoint(point)),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    );
    const text = fc
      .oneof(
        fc.array(character, { maxLength: 20 }),
        fc.array(character, { minLength: 1000, maxLength: 1024 }),
      )
      .map((characters) => characters.join('').slice(0, 1024).toWellFormed().replaceAll('\0', ''));
    const store = await openStore();
    let id = 0;
    const create = (requestId: string) => store.create(recordOf(++id, { requestId }));
    const known = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(text, async (requestId) => {
        const { name } = await create(requestId);
        expect(name).toBe(known.get(requestId) ?? `a/operations/${id}`);
        known.set(requestId, name);
        expect(await create(requestId)).toMatchObject({ name, requestId });
        expect(await store.findByRequestId({ method: '/s/m', parent: 'a', requestId })).toMatchObject({
          name,
        });
        const other = await store.findByRequestId({
          method: '/s/m',
          parent: 'a',
          requestId: `${requestId}\\`,
        });
        expect(other?.name).toBe(known.get(`${requestId}\\`));
      }),
    );
  });

  it('rejects a name that is taken, and keeps the existing record', async () => {
    const store = await openStore();
    await store.create(recordOf(1));
    await expect(store.create({ ...recordOf(1), attempt: 9 })).rejects.toMatchObject({ code: 6 });
    expect(await store.get('a/operations/1')).toMatchObject({ attempt: 0 });
  });

  it('deletes expired records, in batches, and no others (contract 34)', async () => {
    const store = await openStore();
    for (let id = 0; id < 5; id++) await store.create(recordOf(id, ended(10)));
    await store.create(recordOf(5, ended(11)));
    await store.create(recordOf(6));
    expect(await store.deleteExpired(10, 2)).toBe(2);
    expect(await store.deleteExpired(10, 100)).toBe(3);
    expect(await store.deleteExpired(10, 100)).toBe(0);
    expect(await listAll(store, { parent: 'a', limit: 10, now: 10 })).toEqual([
      'a/operations/6',
      'a/operations/5',
    ]);
  });

  it('notifies watchers of every change and deletion, until they stop watching', async () => {
    const store = await openStore();
    const told: string[] = [];
    const records: OperationRecord[] = [];
    const stop = store.watch((name, record) => {
      // Without a name, anything may have changed, for example after a listening connection was opened.
      if (name !== undefined) told.push(name);
      if (record) records.push(record);
    });
    const record = recordOf(1);
    const changed = { ...record, version: 2 };
    await store.create(record);
    await store.compareAndSet(changed, 1);
    await store.compareAndSet(changed, 1);
    await store.delete(record.name);
    await store.delete(record.name);
    expect(told).toEqual([record.name, record.name]);
    expect(records).toEqual([changed]);
    stop();
    await store.create(record);
    await store.delete(record.name);
    expect(told).toHaveLength(2);
  });
});

describe.each(STORES)('listeners of $name', ({ open }) => {
  it('one that throws or rejects affects neither writers nor other listeners', async () => {
    using faults = processFaults();
    const reported = jest.spyOn(console, 'error').mockImplementation(() => {});
    const store = await open();
    try {
      const told: string[] = [];
      store.watch((name) => {
        if (name !== undefined) throw new Error('broken listener');
      });
      store.watch(async (name) => {
        if (name !== undefined) throw new Error('broken asynchronous listener');
      });
      store.watch((name) => name !== undefined && told.push(name));
      const records = [1, 2, 3].map((id) => recordOf(id));
      await Promise.all(records.map((record) => store.create(record)));
      const changes = records.map((record) => store.compareAndSet({ ...record, version: 2 }, 1));
      expect(await Promise.all(changes)).toEqual([true, true, true]);
      expect(told.toSorted()).toEqual(records.map(({ name }) => name));
      expect(await faults.take()).toEqual([]);
      expect(reported.mock.calls.length).toBeGreaterThanOrEqual(2 * records.length);
    } finally {
      await store.close();
      reported.mockRestore();
    }
  });
});

describe('memory store', () => {
  it('omits records deleted while a page is read (contract 20)', async () => {
    const store = memoryStore();
    for (let id = 0; id < 2000; id++) await store.create(recordOf(id, { parent: id % 2 ? 'a' : 'b' }));
    const page = store.list({ parent: '-', now: 0, limit: 2000 });
    for (let id = 0; id < 500; id++) await store.delete(recordOf(id, { parent: id % 2 ? 'a' : 'b' }).name);
    const { records } = await page;
    expect(records.map(({ createTime }) => createTime)).toEqual(
      Array.from({ length: 1500 }, (_, id) => 1999 - id),
    );
  });
});
