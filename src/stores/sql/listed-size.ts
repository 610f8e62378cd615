import type { Any } from '../../../generated/google/protobuf/any.js';
import type { ListedOperation, OperationResult } from '../contract/operation-store.js';

/** Upper bound on the tags, lengths and `done` of an operation in an encoded page. */
export const OPERATION_OVERHEAD_BYTES = 64;

/** Upper bound on the tags, lengths and the code of an encoded `google.rpc.Status`, and of each of its details. */
const STATUS_OVERHEAD_BYTES = 24;

/**
 * Size of an operation in an encoded page of a listing, in bytes: at least its encoded size, and at most 64 bytes more for
 * an operation without error details. {@link ListQuery.maxBytes} counts in it.
 */
export function listedSize({ name, metadata, result }: ListedOperation): number {
  return OPERATION_OVERHEAD_BYTES + Buffer.byteLength(name) + anySize(metadata) + resultSize(result);
}

function resultSize(result: OperationResult | undefined): number {
  switch (result?.$case) {
    case undefined:
      return 0;
    case 'response':
      return anySize(result.value);
    case 'error': {
      const { message, details } = result.value;
      return details.reduce(
        (size, detail) => size + STATUS_OVERHEAD_BYTES + anySize(detail),
        STATUS_OVERHEAD_BYTES + Buffer.byteLength(message),
      );
    }
  }
}

function anySize(any: Any | undefined): number {
  return any ? Buffer.byteLength(any.typeUrl) + any.value.length : 0;
}
