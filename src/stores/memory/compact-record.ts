import type { Any } from '../../../generated/google/protobuf/any.js';
import type { OperationRecord } from '../contract/operation-store.js';

/** Larger records are not copied: their bytes outweigh the overhead of their objects. */
const MOST_COPIED_BYTES = 4096;

/**
 * Compacts an ended record: equal to the given one, with as few objects as possible. Its messages share one buffer,
 * which saves about 200 bytes each, and absent fields are omitted. Records then take less memory and garbage
 * collection traverses fewer objects.
 */
export function compact(record: OperationRecord): OperationRecord {
  const { request, metadata, result } = record;
  if (!result) return record;
  const response = result.$case === 'response' ? result.value : undefined;
  const size = request.length + (metadata?.value.length ?? 0) + (response?.value.length ?? 0);
  if (size > MOST_COPIED_BYTES) return record;
  const bytes = Buffer.from(new ArrayBuffer(size));
  let used = 0;
  const moved = (value: Uint8Array): Buffer => {
    bytes.set(value, used);
    used += value.length;
    return bytes.subarray(used - value.length, used);
  };
  const movedAny = ({ typeUrl, value }: Any): Any => ({ typeUrl, value: moved(value) });
  const { name, parent, method, cancellable, version, attempt, createTime, endTime, expireTime } = record;
  const lean: OperationRecord = {
    name,
    parent,
    method,
    request: moved(request),
    cancellable,
    version,
    attempt,
    createTime,
    endTime,
    expireTime,
    metadata: metadata && movedAny(metadata),
    result: response ? { $case: 'response', value: movedAny(response) } : result,
  };
  return hasMore(record) ? { ...record, ...lean } : lean;
}

/** Returns true if a record has fields that few ended records have. */
function hasMore({ requestId, trace, cancelRequestTime, deleteTime }: OperationRecord): boolean {
  return (
    requestId !== undefined ||
    trace !== undefined ||
    cancelRequestTime !== undefined ||
    deleteTime !== undefined
  );
}
