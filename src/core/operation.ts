import type { Operation } from '../../generated/google/longrunning/operations.js';
import type { Any } from '../../generated/google/protobuf/any.js';
import { Empty } from '../../generated/google/protobuf/empty.js';
import { pack, unpack } from './any.js';
import type { OperationMessage } from './operation-message.js';
import { type OperationMethod, typesOf } from './operation-method.js';
import { readOperation } from './read-operation.js';
import { Code, StatusError } from './status.js';

interface Snapshot<Metadata> {
  /** The resource name of the operation. */
  readonly name: string;
  /**
   * What the method told of its progress, undefined when nothing. Decoded when read.
   *
   * @throws TypeError when it is of another type than the method's metadata.
   */
  readonly metadata: Metadata | undefined;
  /** The message. */
  readonly operation: Operation;
}

/** The operation is queued or at work. */
export interface RunningOperation<Metadata> extends Snapshot<Metadata> {
  readonly state: 'running';
}

/** The operation ended with a response; perhaps despite a request to cancel it. */
export interface SucceededOperation<Response, Metadata> extends Snapshot<Metadata> {
  readonly state: 'succeeded';
  /**
   * What the method answers. Decoded when read.
   *
   * @throws TypeError when it is of another type than the method's response.
   */
  readonly response: Response;
}

/** The operation ended with an error other than CANCELLED. */
export interface FailedOperation<Metadata> extends Snapshot<Metadata> {
  readonly state: 'failed';
  /** Why, with code, message and all details. */
  readonly error: StatusError;
}

/** The server cancelled the operation: `error.code` is 1. */
export interface CancelledOperation<Metadata> extends Snapshot<Metadata> {
  readonly state: 'cancelled';
  /** With the code CANCELLED, and what the server says of it. */
  readonly error: StatusError;
}

/** How an operation ended: one of the three endings there are. */
export type OperationOutcome<Response, Metadata> =
  | SucceededOperation<Response, Metadata>
  | FailedOperation<Metadata>
  | CancelledOperation<Metadata>;

/** The state of an operation at one moment. */
export type OperationSnapshot<Response, Metadata> =
  | RunningOperation<Metadata>
  | OperationOutcome<Response, Metadata>;

/**
 * The state of an operation by its message, in the form of any generator; response and metadata stay
 * `google.protobuf.Any`.
 *
 * @throws TypeError if the message is not an Operation, or its fields contradict each other.
 */
export function snapshotOf(message: OperationMessage): OperationSnapshot<Any, Any>;
/** The same, with response and metadata of the method that started the operation. */
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

/** What a server that is done with neither error nor response is taken to say. */
const NOTHING = pack(Empty, {});

/** Object spread would read the getters; copying their descriptors keeps them lazy. */
function extend<Base extends object, More extends object>(base: Base, more: More): Base & More {
  return Object.defineProperties(base, Object.getOwnPropertyDescriptors(more)) as Base & More;
}
