import type { Operation } from '../../generated/google/longrunning/operations.js';
import type { Any } from '../../generated/google/protobuf/any.js';
import { Empty } from '../../generated/google/protobuf/empty.js';
import { pack, unpack } from './any.js';
import type { OperationMessage } from './operation-message.js';
import { type OperationMethod, typesOf } from './operation-method.js';
import { readOperation } from './read-operation.js';
import { Code, StatusError } from './status.js';

interface Snapshot<Metadata> {
  /** Resource name of the operation. */
  readonly name: string;
  /**
   * Progress of the method, or undefined if it reported none. Decoded on access.
   *
   * @throws TypeError if it has another type than the method's metadata.
   */
  readonly metadata: Metadata | undefined;
  /** Operation message. */
  readonly operation: Operation;
}

/** State of an operation that is queued or running. */
export interface RunningOperation<Metadata> extends Snapshot<Metadata> {
  readonly state: 'running';
}

/** State of an operation that ended with a response, possibly despite a request to cancel it. */
export interface SucceededOperation<Response, Metadata> extends Snapshot<Metadata> {
  readonly state: 'succeeded';
  /**
   * Response of the method. Decoded on access.
   *
   * @throws TypeError if it has another type than the method's response.
   */
  readonly response: Response;
}

/** State of an operation that ended with an error other than CANCELLED. */
export interface FailedOperation<Metadata> extends Snapshot<Metadata> {
  readonly state: 'failed';
  /** Error with code, message and all details. */
  readonly error: StatusError;
}

/** State of an operation that was cancelled: `error.code` is 1. */
export interface CancelledOperation<Metadata> extends Snapshot<Metadata> {
  readonly state: 'cancelled';
  /** Error with code CANCELLED, and the server's message and details. */
  readonly error: StatusError;
}

/** Outcome of an operation: succeeded, failed or cancelled. */
export type OperationOutcome<Response, Metadata> =
  | SucceededOperation<Response, Metadata>
  | FailedOperation<Metadata>
  | CancelledOperation<Metadata>;

/** State of an operation at one moment. */
export type OperationSnapshot<Response, Metadata> =
  | RunningOperation<Metadata>
  | OperationOutcome<Response, Metadata>;

/**
 * Returns the state of an operation, given its message in the form of any generator. Response and metadata
 * stay `google.protobuf.Any`.
 *
 * @throws TypeError if the message is not an Operation or its fields contradict each other.
 */
export function snapshotOf(message: OperationMessage): OperationSnapshot<Any, Any>;
/** Returns the state of an operation with response and metadata typed by the method that started it. */
export function snapshotOf<Response, Metadata>(
  message: OperationMessage,
  method: OperationMethod<unknown, Response, Metadata>,
): OperationSnapshot<Response, Metadata>;
export function snapshotOf(
  message: OperationMessage,
  method?: OperationMethod<unknown, unknown, unknown>,
): OperationSnapshot<unknown, unknown> {
  const operation = readOperation(message, method && typesOf(method));
  const base = {
    name: operation.name,
    operation,
    get metadata() {
      const { metadata } = operation;
      return metadata && method ? unpack(method.metadata, metadata) : metadata;
    },
  };
  if (!operation.done) return extend(base, { state: 'running' as const });
  if (operation.result?.$case === 'error') {
    const error = StatusError.from(operation.result.value);
    const state = error.code === Code.CANCELLED ? ('cancelled' as const) : ('failed' as const);
    return extend(base, { state, error });
  }
  const packed = operation.result?.value;
  return extend(base, {
    state: 'succeeded' as const,
    get response() {
      if (!method) return packed ?? NOTHING;
      return packed ? unpack(method.response, packed) : method.response.fromPartial({});
    },
  });
}

/** Response of an operation that is done with neither error nor response. */
const NOTHING = pack(Empty, {});

/** Merges property descriptors: an object spread would evaluate the lazy getters. */
function extend<Base extends object, More extends object>(base: Base, more: More): Base & More {
  return Object.defineProperties(base, Object.getOwnPropertyDescriptors(more)) as Base & More;
}
