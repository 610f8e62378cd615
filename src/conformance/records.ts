import type { OperationRecord } from '../server/index.js';
import { MANUAL_CLOCK_START } from '../testing/clock/manual-clock.js';
import { PARENT } from './reports-server.js';

/** Methods of the test records. */
export const METHOD = '/example.reports.v1.Reports/ExportReport';
export const OTHER_METHOD = '/example.reports.v1.Reports/PurgeReports';

/** Record of a queued operation. */
export function queuedRecord(id: string, facts: Partial<OperationRecord> = {}): OperationRecord {
  const parent = facts.parent ?? PARENT;
  return {
    name: parent === '' ? `operations/${id}` : `${parent}/operations/${id}`,
    parent,
    method: METHOD,
    request: new Uint8Array([10, 0, 255]),
    cancellable: true,
    version: 1,
    attempt: 0,
    createTime: MANUAL_CLOCK_START,
    metadata: undefined,
    ...facts,
  };
}

/** Record of an ended operation that expires at `expireTime`. */
export function endedRecord(
  id: string,
  expireTime: number,
  facts: Partial<OperationRecord> = {},
): OperationRecord {
  return queuedRecord(id, { ...ending(expireTime), ...facts });
}

/** Next version of a record, ended. */
export function end(record: OperationRecord, expireTime: number): OperationRecord {
  return next(record, ending(expireTime));
}

/** Next version of a record. */
export function next(record: OperationRecord, facts: Partial<OperationRecord>): OperationRecord {
  return { ...record, ...facts, version: record.version + 1 };
}

/** Record with its bytes as text, for comparison: a store may return a Buffer for a Uint8Array. */
export function readable(record: object | undefined): unknown {
  return JSON.parse(
    JSON.stringify(record ?? null, (_key, value: unknown) => {
      if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
      // `Buffer.toJSON` has already run.
      const { type, data } = (value ?? {}) as { readonly type?: unknown; readonly data?: readonly number[] };
      return type === 'Buffer' && data ? Buffer.from(data).toString('hex') : value;
    }),
  );
}

function ending(expireTime: number): Partial<OperationRecord> {
  const error = { code: 9, message: 'report is locked: unlock it first', details: [] };
  return { endTime: MANUAL_CLOCK_START, expireTime, result: { $case: 'error', value: error } };
}
