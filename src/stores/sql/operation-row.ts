import type { Any } from '../../../generated/google/protobuf/any.js';
import { Status } from '../../../generated/google/rpc/status.js';
import { asBuffer } from '../../core/any.js';
import { Code, kitStatus, readStatus } from '../../core/status.js';
import type { TraceContext } from '../../core/trace-context.js';
import type { OperationRecord, OperationResult } from '../contract/operation-store.js';

/**
 * Operation as a row of a relational store. Columns have the same names and meanings in all of them, so that filters
 * compile to the same conditions. Times are whole milliseconds since 1970.
 */
export interface OperationRow {
  readonly name: string;
  readonly parent: string;
  readonly method: string;
  readonly request: Uint8Array;
  readonly request_id: string | null;
  /** 1 or 0, which every database can store. Databases with booleans return true or false. */
  readonly cancellable: number | boolean;
  readonly version: number;
  readonly attempt: number;
  readonly create_time: Milliseconds;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly cancel_request_time: Milliseconds | null;
  /** Non-null exactly if the operation has ended. */
  readonly end_time: Milliseconds | null;
  readonly delete_time: Milliseconds | null;
  /** Null if the operation never expires. */
  readonly expire_time: Milliseconds | null;
  readonly metadata_type: string | null;
  readonly metadata_value: Uint8Array | null;
  readonly response_type: string | null;
  readonly response_value: Uint8Array | null;
  readonly error_code: number | null;
  /** Encoded `google.rpc.Status`. */
  readonly error: Uint8Array | null;
}

/** 64-bit integer. Some drivers return it as a string, because it may exceed a JavaScript number. */
type Milliseconds = number | string;

/** Columns that never change after creation. */
const FIXED_COLUMNS = [
  'name',
  'parent',
  'method',
  'request',
  'cancellable',
  'create_time',
  'traceparent',
  'tracestate',
] as const satisfies readonly (keyof OperationRow)[];

/** Columns that change during the life of an operation. */
export const CHANGING_COLUMNS = [
  'request_id',
  'version',
  'attempt',
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
] as const satisfies readonly (keyof OperationRow)[];

export const COLUMNS = [
  ...FIXED_COLUMNS,
  ...CHANGING_COLUMNS,
] as const satisfies readonly (keyof OperationRow)[];

/** Converts a record to a row. */
export function rowOf(record: OperationRecord): OperationRow & { readonly cancellable: number } {
  const { metadata, result } = record;
  const response = result?.$case === 'response' ? result.value : undefined;
  const error = result?.$case === 'error' ? result.value : undefined;
  return {
    name: record.name,
    parent: record.parent,
    method: record.method,
    request: record.request,
    request_id: record.requestId ?? null,
    cancellable: record.cancellable ? 1 : 0,
    version: record.version,
    attempt: record.attempt,
    create_time: Math.round(record.createTime),
    traceparent: record.trace?.traceparent ?? null,
    tracestate: record.trace?.tracestate ?? null,
    cancel_request_time: wholeMs(record.cancelRequestTime),
    end_time: wholeMs(record.endTime),
    delete_time: wholeMs(record.deleteTime),
    expire_time: wholeMs(record.expireTime),
    metadata_type: metadata?.typeUrl ?? null,
    metadata_value: metadata?.value ?? null,
    response_type: response?.typeUrl ?? null,
    response_value: response?.value ?? null,
    error_code: error?.code ?? null,
    error: error ? Status.encode(error).finish() : null,
  };
}

/** Converts a row to a record. */
export function recordOf(row: OperationRow): OperationRecord {
  return {
    name: row.name,
    parent: row.parent,
    method: row.method,
    request: row.request,
    requestId: row.request_id ?? undefined,
    cancellable: Boolean(row.cancellable),
    version: Number(row.version),
    attempt: Number(row.attempt),
    createTime: Number(row.create_time),
    trace: traceOf(row),
    cancelRequestTime: timeOf(row.cancel_request_time),
    endTime: timeOf(row.end_time),
    deleteTime: timeOf(row.delete_time),
    expireTime: timeOf(row.expire_time),
    metadata: anyOf(row.metadata_type, row.metadata_value),
    result: resultOf(row.error, row.response_type, row.response_value),
  };
}

/** Returns the values of a row in the order of `columns`. */
export function valuesOf<Row extends OperationRow, Column extends keyof OperationRow>(
  row: Row,
  columns: readonly Column[],
): Row[Column][] {
  return columns.map((column) => row[column]);
}

/** Result of an operation, from its columns. */
export function resultOf(
  error: Uint8Array | null,
  responseType: string | null,
  responseValue: Uint8Array | null,
): OperationResult | undefined {
  if (error) return { $case: 'error', value: statusOf(error) };
  const response = anyOf(responseType, responseValue);
  return response && { $case: 'response', value: response };
}

/** Decodes an error. A damaged row must not fail the page that contains it. */
function statusOf(encoded: Uint8Array): Status {
  try {
    return readStatus(Status.decode(encoded));
  } catch {
    const message =
      'error of the operation cannot be read because its database row is damaged: restore a backup';
    return kitStatus(Code.DATA_LOSS, 'STORED_ERROR_DAMAGED', message);
  }
}

function traceOf({ traceparent, tracestate }: OperationRow): TraceContext | undefined {
  if (traceparent === null) return undefined;
  return tracestate === null ? { traceparent } : { traceparent, tracestate };
}

/** Message from its columns. The kit's messages hold Buffers, but not every driver returns Buffers. */
export function anyOf(typeUrl: string | null, value: Uint8Array | null): Any | undefined {
  return typeUrl === null ? undefined : { typeUrl, value: asBuffer(value ?? new Uint8Array()) };
}

/** Rounds a time. Clocks may return fractions and retention may be infinite; neither fits an integer column. */
function wholeMs(time: number | undefined): number | null {
  return time === undefined || !Number.isFinite(time) ? null : Math.round(time);
}

/** Time from its column. */
export function timeOf(column: Milliseconds | null): number | undefined {
  return column === null ? undefined : Number(column);
}
