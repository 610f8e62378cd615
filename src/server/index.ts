// For applications.

export { memoryStore } from '../stores/memory.js';
export type {
  ConsumeOptions,
  ListPage,
  ListQuery,
  OperationRecord,
  OperationResult,
  OperationStore,
  WorkConsumer,
} from '../stores/operation-store.js';
export { OperationsService } from './grpc-handlers.js';
export {
  type Implementation,
  type ImplementedMethod,
  implement,
  type RunContext,
  type StartContext,
} from './implement.js';
// For authors of stores and of servers.
export type { Logger } from './logger.js';
export {
  type CloseOptions,
  createOperations,
  type Operations,
  type OperationsOptions,
} from './operations.js';
export type { ServiceLimits } from './operations-service.js';
