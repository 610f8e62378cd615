import { deepEqual, equal, ok } from 'node:assert/strict';
import type {
  ListedOperation,
  ListQuery,
  OperationRecord,
  OperationStore,
} from '../stores/contract/operation-store.js';
import { listedSize } from '../stores/contract/page-builder.js';
import { MANUAL_CLOCK_START } from '../testing/clock/manual-clock.js';
import { endedRecord, next, queuedRecord, readable } from './records.js';
import { PARENT } from './reports-server.js';
import { type OpenStore, type Topic, testCase } from './test-case.js';

const NOW = MANUAL_CLOCK_START;
/** Larger than any test case requires. */
const MOST_PAGES = 1000;

/** Guarantees of a store for listings: keyset pagination, newest first. */
export const storeListing: Topic<OpenStore> = {
  name: 'store',
  cases: [
    testCase('lists newest first, by order of creation and not by time or change', [25], async (open) => {
      const store = await open();
      const created: string[] = [];
      for (let id = 0; id < 6; id++) {
        // A clock that was set back must not change the order.
        const record = await store.create(queuedRecord(`${id}`, { createTime: NOW - id }));
        created.unshift(record.name);
        await store.compareAndSet(next(record, {}), 1);
      }
      deepEqual(await listAll(store, { parent: PARENT, limit: 4, now: NOW }), created);
    }),

    testCase('lists all fields of each operation, however large', [2, 25], async (open) => {
      const store = await open();
      const kept: OperationRecord[] = [];
      for (const size of [0, 1, 100, 1000, 100_000]) {
        const metadata = { typeUrl: `type.googleapis.com/T${size}`, value: Buffer.alloc(size, 0xa5) };
        const error = { code: 9, message: 'x'.repeat(size), details: [metadata] };
        const result = { $case: 'response', value: metadata } as const;
        for (const record of [
          queuedRecord(`running-${size}`, { metadata }),
          endedRecord(`done-${size}`, NOW + 1, { metadata, result }),
          endedRecord(`failed-${size}`, NOW + 1, { result: { $case: 'error', value: error } }),
        ])
          kept.unshift(await store.create(record));
      }
      const { records } = await store.list({ parent: PARENT, limit: 100, now: NOW });
      deepEqual(records.map(listed), kept.map(listed));
      const where: NonNullable<ListQuery['where']> = {
        kind: 'condition',
        field: 'done',
        test: { kind: 'flag', comparator: '=', value: false },
      };
      const matches = ({ result }: ListedOperation) => result === undefined;
      const unfinished = await store.list({ parent: PARENT, limit: 100, now: NOW, where, matches });
      deepEqual(unfinished.records.map(listed), kept.filter(matches).map(listed));
    }),

    testCase('omits deleted and expired records', [20, 34], async (open) => {
      const store = await open();
      const kept = await store.create(queuedRecord('kept'));
      await store.create(queuedRecord('deleted', { deleteTime: NOW }));
      await store.create(endedRecord('expired', NOW + 10));
      const later = await store.create(endedRecord('later', NOW + 11));
      deepEqual(await listAll(store, { parent: PARENT, limit: 10, now: NOW + 10 }), [later.name, kept.name]);
      deepEqual(await listAll(store, { parent: PARENT, limit: 1, now: NOW + 11 }), [kept.name]);
    }),

    testCase('lists by parent, segment by segment; "-" matches any one segment', [25], async (open) => {
      const store = await open();
      const byParent = new Map<string, string>();
      for (const [id, parent] of ['', 'a', 'b', 'a/x', 'b/x', 'a/y', 'a/x/y', 'A', 'ab'].entries()) {
        byParent.set(parent, (await store.create(queuedRecord(`${id}`, { parent }))).name);
      }
      const expected: Readonly<Record<string, readonly string[]>> = {
        '': [''],
        a: ['a'],
        'a/x': ['a/x'],
        none: [],
        '-': ['ab', 'A', 'b', 'a'],
        'a/-': ['a/y', 'a/x'],
        '-/x': ['b/x', 'a/x'],
        '-/-': ['a/y', 'b/x', 'a/x'],
        '-/-/-': ['a/x/y'],
      };
      for (const [parent, parents] of Object.entries(expected)) {
        const found = await listAll(store, { parent, limit: 2, now: NOW });
        const names = parents.map((each) => byParent.get(each));
        deepEqual({ parent, found }, { parent, found: names });
      }
    }),

    testCase('reports whether there is a next page, even if the last one is full', [27], async (open) => {
      const store = await open();
      for (let id = 0; id < 4; id++) await store.create(queuedRecord(`${id}`));
      const sizes = async (limit: number) => {
        const found: number[] = [];
        await listAll(store, { parent: PARENT, limit, now: NOW }, async (size) => {
          found.push(size);
        });
        return found;
      };
      deepEqual(await sizes(1), [1, 1, 1, 1]);
      deepEqual(await sizes(2), [2, 2]);
      deepEqual(await sizes(3), [3, 1]);
      deepEqual(await sizes(4), [4]);
      deepEqual(await sizes(5), [4]);
    }),

    testCase(
      'ends a page before it exceeds maxBytes, and the next one continues there',
      [27, 51],
      async (open) => {
        const store = await open();
        const kept: OperationRecord[] = [];
        for (let id = 0; id < 40; id++) kept.unshift(await store.create(sizedRecord(id)));
        const total = sizeOf(kept);
        for (const maxBytes of [1, 1000, 20_000, 100_000, total - 1, total, total + 1]) {
          for (const limit of [7, 100]) {
            const pages = await pagesOf(store, { parent: PARENT, limit, maxBytes, now: NOW });
            deepEqual(namesOf(pages.flat()), namesOf(kept));
            expectFull(pages, { limit, maxBytes });
          }
        }
      },
    ),

    testCase('counts only matches towards maxBytes, and finds at least one', [27, 51], async (open) => {
      const store = await open();
      const kept: OperationRecord[] = [];
      for (let id = 0; id < 40; id++) kept.unshift(await store.create(sizedRecord(id)));
      const where: NonNullable<ListQuery['where']> = {
        kind: 'condition',
        field: 'done',
        test: { kind: 'flag', comparator: '=', value: false },
      };
      const running = kept.filter(({ result }) => result === undefined);
      const oldest = kept.at(-1);
      for (const maxBytes of [1, 1000, 20_000, 100_000]) {
        const query = { parent: PARENT, limit: 100, maxBytes, now: NOW };
        const matches = ({ result }: ListedOperation) => result === undefined;
        const pages = await pagesOf(store, { ...query, where, matches });
        deepEqual(namesOf(pages.flat()), namesOf(running));
        expectFull(pages, query);
        const only = await pagesOf(store, { ...query, matches: ({ name }) => name === oldest?.name });
        deepEqual(only.map(namesOf), [[oldest?.name]]);
      }
    }),

    testCase(
      'lists whatever exists throughout exactly once, despite insertions and deletions',
      [28],
      async (open) => {
        const store = await open();
        const names: string[] = [];
        for (let id = 0; id < 30; id++) names.unshift((await store.create(queuedRecord(`${id}`))).name);
        const doomed = names.filter((_name, index) => index % 3 === 2);
        const gone = new Set(doomed);
        let id = names.length;
        const found = await listAll(store, { parent: PARENT, limit: 4, now: NOW }, async () => {
          await Promise.all([store.create(queuedRecord(`${id++}`)), store.create(queuedRecord(`${id++}`))]);
          for (const name of [doomed.shift(), doomed.pop()]) if (name) await store.delete(name);
        });
        equal(new Set(found).size, found.length);
        deepEqual(
          found.filter((name) => !gone.has(name)),
          names.filter((name) => !gone.has(name)),
        );
      },
    ),

    testCase('lists whatever exists throughout despite concurrent writes', [28], async (open) => {
      const store = await open();
      const kept: string[] = [];
      for (let id = 0; id < 20; id++) kept.unshift((await store.create(queuedRecord(`kept-${id}`))).name);
      let listing = true;
      const writers = Array.from({ length: 3 }, async (_, writer) => {
        for (let id = 0; listing && id < 300; id++) {
          const { name } = await store.create(queuedRecord(`${writer}-${id}`));
          if (id % 2) await store.delete(name);
        }
      });
      const found = await listAll(store, { parent: PARENT, limit: 3, now: NOW }).finally(() => {
        listing = false;
      });
      await Promise.all(writers);
      deepEqual(
        found.filter((name) => kept.includes(name)),
        kept,
      );
      equal(new Set(found).size, found.length);
    }),
  ],
};

/** Record that is running or has ended, with small or large contents. */
function sizedRecord(id: number): OperationRecord {
  const value = Buffer.alloc([0, 10, 300, 5000, 40_000][id % 5] ?? 0, 0xa5);
  const any = { typeUrl: `type.googleapis.com/T${id}`, value };
  switch (id % 3) {
    case 0:
      return queuedRecord(`${id}`, { metadata: any });
    case 1:
      return endedRecord(`${id}`, NOW + 1, { metadata: any, result: { $case: 'response', value: any } });
    default: {
      const error = { code: 9, message: 'x'.repeat(value.length), details: [any] };
      return endedRecord(`${id}`, NOW + 1, { result: { $case: 'error', value: error } });
    }
  }
}

function namesOf(records: readonly ListedOperation[]): string[] {
  return records.map(({ name }) => name);
}

function sizeOf(records: readonly ListedOperation[]): number {
  return records.reduce((size, record) => size + listedSize(record), 0);
}

/** Checks that each page is within the bounds, and would exceed one of them with the first operation of the next page. */
function expectFull(
  pages: readonly (readonly ListedOperation[])[],
  { limit, maxBytes }: Pick<ListQuery, 'limit'> & { readonly maxBytes: number },
): void {
  for (const [index, page] of pages.entries()) {
    ok(page.length > 0, 'a page is empty');
    ok(page.length === 1 || sizeOf(page) <= maxBytes, `a page of ${page.length} exceeds ${maxBytes} bytes`);
    const next = pages[index + 1];
    if (next)
      ok(page.length === limit || sizeOf([...page, ...next.slice(0, 1)]) > maxBytes, 'a page is short');
  }
}

/** Reads all pages of a listing. */
async function pagesOf(store: OperationStore, query: ListQuery): Promise<(readonly ListedOperation[])[]> {
  const pages: (readonly ListedOperation[])[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.list(after === undefined ? query : { ...query, after });
    pages.push(page.records);
    ok(pages.length <= MOST_PAGES, 'the listing does not end');
    if (page.next === undefined) return pages;
    after = page.next;
  }
}

/** Fields of a record that a listing returns. */
function listed({ name, createTime, endTime, metadata, result }: ListedOperation): unknown {
  return readable({ name, createTime, endTime, metadata, result });
}

/** Reads a complete listing, page by page. `afterPage` runs after each page. */
async function listAll(
  store: OperationStore,
  query: Pick<ListQuery, 'parent' | 'limit' | 'now'>,
  afterPage: (size: number) => Promise<void> = async () => {},
): Promise<string[]> {
  const names: string[] = [];
  for (let after: string | undefined, pages = 1; ; pages++) {
    ok(pages <= MOST_PAGES, 'the listing does not end');
    const page = await store.list(after === undefined ? query : { ...query, after });
    ok(page.records.length <= query.limit);
    names.push(...page.records.map(({ name }) => name));
    await afterPage(page.records.length);
    if (page.next === undefined) return names;
    after = page.next;
  }
}
