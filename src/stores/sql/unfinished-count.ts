import type { OperationRecord, UnfinishedCount, UnfinishedState } from '../contract/operation-store.js';

/** How far an operation has come that has not ended. */
export function unfinishedState(
  record: Pick<OperationRecord, 'attempt' | 'cancelRequestTime'>,
): UnfinishedState {
  if (record.attempt === 0) return 'queued';
  return record.cancelRequestTime === undefined ? 'running' : 'cancelling';
}

/** Counts records of which none has ended. */
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
 * The same as a statement, of which the only value is how many operations to look at.
 *
 * @param unfinished - what gives `method`, `attempt` and `cancel_request_time` of those, in the order of an index.
 */
export function countByStateSql(unfinished: string): string {
  return `
    SELECT method,
      CASE WHEN attempt = 0 THEN 'queued' WHEN cancel_request_time IS NULL THEN 'running' ELSE 'cancelling' END AS state,
      count(*) AS count
    FROM (${unfinished}) AS unfinished
    GROUP BY 1, 2`;
}
