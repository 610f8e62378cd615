import { Status } from '../../../generated/google/rpc/status.js';
import type { OperationRecord, OperationResult } from '../operation-store.js';

/** Placeholder until src/stores/operation-row.ts is there. */
export const COLUMNS = [
  'name',
  'parent',
  'method',
  'request',
  'request_id',
  'cancellable',
  'version',
  'attempt',
  'create_time',
  'cancel_request_time',
  'end_time',
  'delete_time',
  'expire_time',
  'metadata_type',
  'metadata_value',
  'response_type',
  'response_value',
  'error_code',
  'error',
] as const;

export type Row = Record<(typeof COLUMNS)[number], unknown>;

export function toRow(record: OperationRecord): Row {
  const { result } = record;
  const response = result?.$case === 'response' ? result.value : undefined;
  const error = result?.$case === 'error' ? result.value : undefined;
  return {
    name: record.name,
    parent: record.parent,
    method: record.method,
    request: record.request,
    request_id: record.requestId ?? null,
    cancellable: record.cancellable,
    version: record.version,
    attempt: record.attempt,
    create_time: record.createTime,
    cancel_request_time: record.cancelRequestTime ?? null,
    end_time: record.endTime ?? null,
    delete_time: record.deleteTime ?? null,
    expire_time: record.expireTime ?? null,
    metadata_type: record.metadata?.typeUrl ?? null,
    metadata_value: record.metadata?.value ?? null,
    response_type: response?.typeUrl ?? null,
    response_value: response?.value ?? null,
    error_code: error?.code ?? null,
    error: error ? Status.encode(error).finish() : null,
  };
}

export function fromRow(row: Row): OperationRecord {
  const time = (value: unknown) => (value === null ? undefined : Number(value));
  const optional = <Key extends string>(key: Key, value: number | string | undefined) =>
    value === undefined ? {} : { [key]: value };
  let result: OperationResult | undefined;
  if (row.error !== null) result = { $case: 'error', value: Status.decode(row.error as Uint8Array) };
  else if (row.response_type !== null) {
    const value = { typeUrl: row.response_type as string, value: row.response_value as Buffer };
    result = { $case: 'response', value };
  }
  return {
    name: row.name as string,
    parent: row.parent as string,
    method: row.method as string,
    request: row.request as Uint8Array,
    ...optional('requestId', (row.request_id as string | null) ?? undefined),
    cancellable: Boolean(row.cancellable),
    version: Number(row.version),
    attempt: Number(row.attempt),
    createTime: Number(row.create_time),
    ...optional('cancelRequestTime', time(row.cancel_request_time)),
    ...optional('endTime', time(row.end_time)),
    ...optional('deleteTime', time(row.delete_time)),
    ...optional('expireTime', time(row.expire_time)),
    metadata:
      row.metadata_type === null
        ? undefined
        : { typeUrl: row.metadata_type as string, value: row.metadata_value as Buffer },
    ...(result ? { result } : {}),
  };
}
