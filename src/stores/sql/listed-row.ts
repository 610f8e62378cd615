import type { ListedOperation } from '../contract/operation-store.js';
import { anyOf, type OperationRow, resultOf, timeOf } from './operation-row.js';

/** The columns of an operation that has not ended, as far as listings read them: all others are null then. */
export const UNFINISHED_COLUMNS = [
  'sequence',
  'name',
  'create_time',
  'metadata_type',
  'metadata_value',
] as const satisfies readonly Column[];

/** The columns of any operation, as far as listings read them. */
export const LISTED_COLUMNS = [
  ...UNFINISHED_COLUMNS,
  'end_time',
  'response_type',
  'response_value',
  'error',
] as const satisfies readonly Column[];

/** `sequence` is what a store orders by; databases that have larger integers than numbers read it as a string. */
type Column = keyof OperationRow | 'sequence';

/** A row as the values of {@link LISTED_COLUMNS}, or of {@link UNFINISHED_COLUMNS}. */
export type ListedRow<Sequence extends number | string> = readonly [
  sequence: Sequence,
  name: string,
  createTime: OperationRow['create_time'],
  metadataType: string | null,
  metadataValue: Uint8Array | null,
  endTime?: OperationRow['end_time'],
  responseType?: string | null,
  responseValue?: Uint8Array | null,
  error?: Uint8Array | null,
];

/** What a listing tells of the operation in a row. */
export function listedOf(row: ListedRow<number | string>): ListedOperation {
  const [, name, createTime, metadataType, metadataValue, endTime = null] = row;
  return {
    name,
    createTime: Number(createTime),
    endTime: timeOf(endTime),
    metadata: anyOf(metadataType, metadataValue),
    result: resultOf(row[8] ?? null, row[6] ?? null, row[7] ?? null),
  };
}
