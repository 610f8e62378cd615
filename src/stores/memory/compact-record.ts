import type { Any } from '../../../generated/google/protobuf/any.js';
import type { OperationRecord } from '../contract/operation-store.js';

/** More than this is not copied: then it is the bytes that take the memory, and not the objects around them. */
const MOST_COPIED_BYTES = 4096;

/**
 * A record as it is kept for long, once it has ended: equal to the given one, in as few objects as can be. Its messages
 * share one piece of memory, for each of its own takes some 200 bytes besides; and what an ended record has not is
 * no field. So it takes less, and each garbage collection has less to go through.
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

/** Whether it has what few ended records have. */
function hasMore({ requestId, trace, cancelRequestTime, deleteTime }: OperationRecord): boolean {
  return (
    requestId !== undefined ||
    trace !== undefined ||
    cancelRequestTime !== undefined ||
    deleteTime !== undefined
  );
}
