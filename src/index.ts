/**
 * The client of long-running operations, and what client and server share.
 *
 * @module longrunning
 */

// For applications.
export type { TlsOptions, TokenSource } from './client/calls/credentials.js';
export { type ConnectionFault, connectionFault } from './client/calls/connection-fault.js';
export {
  ListOperationsError,
  OperationCancelledError,
  OperationError,
  OperationFailedError,
  WaitTimeoutError,
} from './client/calls/errors.js';
export type { ListRequest, OperationListing, OperationPage } from './client/operations/list.js';
export type {
  OperationHandle,
  OperationReference,
  UpdatesOptions,
  WaitOptions,
} from './client/operations/operation-handle.js';
export type {
  OpenOperation,
  OperationOptions,
  OperationSource,
} from './client/operations/operation-handles.js';
export type { OperationsClientOptions } from './client/operations/client-options.js';
export type { RetryPredicate } from './client/waiting/failure.js';
export { OperationsClient } from './client/operations/operations-client.js';
export { type OperationMethod, operationMethod } from './core/operation-method.js';
export type { AnyForm, BytesForm, OperationMessage, StatusForm } from './core/operation-message.js';
export { readOperation } from './core/read-operation.js';
export {
  convertOperation,
  type PlainAny,
  type PlainOperation,
  plainOperation,
} from './core/write-operation.js';
export type { CallOptions, NamedRequest, OperationsApi } from './core/operations-api.js';
export {
  type CancelledOperation,
  type FailedOperation,
  type OperationOutcome,
  type OperationSnapshot,
  type RunningOperation,
  type SucceededOperation,
  snapshotOf,
} from './core/operation.js';
export { Code, type CodeName, codeName, StatusError } from './core/status.js';
/** The message `google.longrunning.Operation`, as ts-proto has it. */
export type { Operation } from '../generated/google/longrunning/operations.js';

// For library authors.
export { pack, TypeRegistry, typeName, unpack } from './core/any.js';
export { type Address, parseAddress } from './core/address.js';
export { listOperations } from './client/operations/list.js';
export { type HandleOptions, operationHandles } from './client/operations/operation-handles.js';
export { type Clock, systemClock, type TimerOptions } from './core/clock.js';
export { toServerError } from './core/grpc-status.js';
export { formatOperationName, matchesParent, type OperationName, parseOperationName } from './core/name.js';
export type { DeepPartial, MessageOf, MessageType } from './core/operation-method.js';
