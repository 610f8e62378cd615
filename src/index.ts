// For applications.
export { type OperationMethod, operationMethod } from './operation-method.js';
export type { CallOptions, NamedRequest, OperationsApi } from './operations-api.js';
export {
  type CancelledOperation,
  type FailedOperation,
  type OperationOutcome,
  type OperationSnapshot,
  type RunningOperation,
  type SucceededOperation,
  snapshotOf,
} from './operation.js';
export { Code, type CodeName, codeName, StatusError } from './status.js';
export type { Operation } from '../generated/google/longrunning/operations.js';

// For library authors.
export { pack, TypeRegistry, typeName, unpack } from './any.js';
export { type Clock, systemClock, type TimerOptions } from './clock.js';
export { toServerError } from './grpc-status.js';
export { formatOperationName, type OperationName, parseOperationName } from './name.js';
export type { DeepPartial, MessageOf, MessageType } from './operation-method.js';
