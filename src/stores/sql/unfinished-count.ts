import type { OperationRecord, UnfinishedCount, UnfinishedState } from '../contract/operation-store.js';

/** State of an operation that has not ended. */
function unfinishedState(record: Pick<OperationRecord, 'attempt' | 'cancelRequestTime'>): UnfinishedState {
  if (record.attempt === 0) return 'queued';
  return record.cancelRequestTime === undefined ? 'running' : 'cancelling';
}

/** Counts unfinished records by method and state. */
export function countByState(records: Iterable<OperationRecord>): UnfinishedCount[] {
  const counts = new Map<string, UnfinishedCount>();
  for (const record of records) {
    const { method } = record;
    const state = unfinishedState(record);
    const key = `${state} ${method}`;
    counts.set(key, { method, state, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

/**
 * Returns a statement that counts the same in SQL. Its only value is the maximum number of operations to examine.
 *
 * @param unfinished - query that returns `method`, `attempt` and `cancel_request_time` of those operations, in index
 * order.
 */
export function countByStateSql(unfinished: string): string {
  return `
    SELECT method,
      CASE WHEN attempt = 0 THEN 'queued' WHEN cancel_request_time IS NULL THEN 'running' ELSE 'cancelling' END AS state,
      count(*) AS count
    FROM (${unfinished}) AS unfinished
    GROUP BY 1, 2`;
}
