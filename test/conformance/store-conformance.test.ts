import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { storeConformance } from 'longrunning/conformance';
import { memoryStore, type OperationStore } from 'longrunning/server';
import { aroundStore } from '../../src/stores/contract/around-store.js';

/** Lines without a conformance case: authorization. */
const NOT_YET = [31];

type Breakage = (store: OperationStore) => Partial<OperationStore>;

const BROKEN: readonly (readonly [string, Breakage])[] = [
  [
    'writes regardless of the version',
    (store) => ({
      async compareAndSet(record) {
        const version = (await store.get(record.name))?.version ?? 0;
        return store.compareAndSet(record, version);
      },
    }),
  ],
  [
    'hands out more than its maxRunning',
    (store) => ({ consume: (handle, options) => store.consume(handle, { ...options, maxRunning: 100 }) }),
  ],
  [
    'ignores the limits of methods',
    (store) => ({
      consume: (handle, { maxRunningOf: _, ...options }) => store.consume(handle, options),
    }),
  ],
  ['finds no request ids', () => ({ findByRequestId: async () => undefined })],
  [
    'begins each page at the first record',
    (store) => ({ list: ({ after, ...query }) => store.list(after ? { ...query, limit: 100 } : query) }),
  ],
  [
    'hands out ended records',
    (store) => ({
      unfinishedMethods: async () => ['/acme.Jobs/Ended', ...(await store.unfinishedMethods())],
    }),
  ],
];

describe('storeConformance', () => {
  const cases = storeConformance({ open: memoryStore, reopen: (earlier) => earlier });

  it('has a case for every contract line about servers', () => {
    const contract = readFileSync('docs/contract.md', 'utf8');
    const [servers = ''] = contract.split('## Client');
    const linesOf = (text: string) => Array.from(text.matchAll(/^(\d+)\. /gm), ([, line]) => Number(line));
    const lines = linesOf(servers);
    const checked = new Set(cases.flatMap(({ contract }) => contract));
    expect(lines).toHaveLength(34);
    expect(lines.filter((line) => !checked.has(line))).toEqual(NOT_YET);
    const known = linesOf(contract);
    expect([...checked].filter((line) => !known.includes(line))).toEqual([]);
  });

  it('has no two cases with the same name', () => {
    const names = cases.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('omits recovery, and only that, for a store that cannot be reopened', () => {
    const names = new Set(storeConformance({ open: memoryStore }).map(({ name }) => name));
    const leftOut = cases.filter(({ name }) => !names.has(name));
    expect(leftOut.length).toBeGreaterThan(0);
    for (const { name } of cases) expect(names.has(name)).toBe(!name.startsWith('recovery › '));
  });

  it.each(BROKEN)('detects a store that %s, and closes it', async (_, breakage) => {
    let open = 0;
    const table = storeConformance({
      open() {
        const store = memoryStore();
        open++;
        return {
          ...aroundStore(store, (_call, proceed) => proceed()),
          ...breakage(store),
          async close() {
            await store.close();
            open--;
          },
        };
      },
    });
    const aboutStores = table.filter(
      ({ name }) => name.startsWith('store › ') && !name.includes('closes any'),
    );
    const outcomes = await Promise.allSettled(aboutStores.map(({ run }) => run()));
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(failures.map(({ name }) => name)).toContain('AssertionError');
    expect(open).toBe(0);
  });
});
