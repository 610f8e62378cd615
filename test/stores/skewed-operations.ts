import { checkFilter } from '../../src/filter/check.js';
import { evaluate } from '../../src/filter/evaluate.js';
import type { ListQuery, OperationStore } from '../../src/stores/contract/operation-store.js';
import { ended, recordOf } from './stores.js';

/**
 * SELECT of `n` and `parent` for a million operations, from rows of `n`: an old parent before all others, two
 * thousand small ones, a huge one, and a new one.
 */
export const parentOf = `
  CASE WHEN n <= 50000 THEN 'old' WHEN n <= 250000 THEN 'small' || n % 2000 WHEN n <= 999900 THEN 'huge' ELSE 'new' END`;

/**
 * Columns of those operations, with the SQL of their values. Few of the old operations are unfinished, and many of
 * the newest.
 */
export const SKEWED_COLUMNS: Readonly<Record<string, string>> = {
  name: `parent || '/operations/' || n`,
  parent: 'parent',
  method: `CASE WHEN n <= 500 THEN '/s/old' ELSE '/s/m' || n % 3 END`,
  request: `''`,
  request_id: `CASE WHEN n % 10 = 0 THEN 'request ' || n END`,
  cancellable: 'true',
  version: '1',
  attempt: '1',
  create_time: 'n',
  end_time: 'CASE WHEN n BETWEEN 501 AND 900000 THEN n END',
  expire_time: 'CASE WHEN n BETWEEN 501 AND 900000 THEN n + 1000000000 END',
  error_code: 'CASE WHEN n % 1000 = 7 AND n <= 900000 THEN 5 END',
};

export const SKEWED_COUNT = 1_000_000;

const PARENTS = ['old', 'small7', 'huge', 'new', '-'];
const FILTERS = [
  undefined,
  'done = false',
  'done = true',
  'error.code = 5',
  'name = "a*"',
  'create_time < "1970-01-01T00:00:01Z"',
];

/** Calls every method of a store that reads or writes operations, in ways that need different plans. */
export async function useEverything(store: OperationStore): Promise<void> {
  for (const parent of PARENTS) {
    for (const filter of FILTERS) await listSome(store, parent, filter);
  }
  const record = recordOf(1, { parent: 'old', requestId: 'a request' });
  await store.create({ ...record, name: 'old/operations/one' });
  await store.findByRequestId({ method: record.method, parent: 'old', requestId: 'a request' });
  await store.findByRequestId({ method: '/s/m1', parent: 'huge', requestId: 'request 300010' });
  await store.compareAndSet({ ...record, name: 'old/operations/one', version: 2, ...ended(5) }, 1);
  await Promise.all(
    [7, 8, 9].map((id) => store.compareAndSet(recordOf(id, { parent: 'old', version: 2 }), 1)),
  );
  await store.get('huge/operations/300000');
  await store.delete('huge/operations/300001');
  await store.deleteExpired(10, 100);
  await store.deleteExpired(2_000_000_000, 100);
  await store.unfinishedMethods();
  await store.countUnfinished?.(1000);
}

/** Lists two pages, the second from the end of the first. */
async function listSome(store: OperationStore, parent: string, filter: string | undefined): Promise<void> {
  const where = filter === undefined ? undefined : checkFilter(filter, { metadata: [], response: [] });
  const query: ListQuery = {
    parent,
    now: 0,
    limit: 50,
    ...(where ? { where, matches: (operation) => evaluate(where, operation) } : {}),
  };
  const { next } = await store.list(query);
  if (next !== undefined) await store.list({ ...query, after: next });
}
