/**
 * Serving `google.longrunning.Operations`, and methods that start operations.
 *
 * @module longrunning/server
 */

// For applications.
export {
  type CloseOptions,
  createOperations,
  type Operations,
  type OperationsOptions,
} from './operations.js';
export {
  type Implementation,
  type ImplementedMethod,
  implement,
  type RunContext,
  type StartContext,
} from './implement.js';
export { addHealth, type HealthOptions } from './health/add-health.js';
export { OperationsService } from './grpc-handlers.js';
export { strictService } from './strict-service.js';
export { memoryStore } from '../stores/memory.js';

export type { Access, AccessRequest, Authorization, Authorize } from './access/authorize.js';
export type { CallFacts } from './access/call-facts.js';
export { type Caller, callerKey } from './access/caller.js';

// For authors of stores and of servers.
export type { Condition, HealthListener, OperationsHealth } from './health/operations-health.js';
export type { Logger } from './logger.js';
export type { ServiceLimits } from './operations-service.js';
export type { Filter } from '../filter/ast.js';
export { MAX_EXAMINED } from '../stores/operation-store.js';
export type {
  ConsumeOptions,
  ListPage,
  ListQuery,
  OperationRecord,
  OperationResult,
  OperationStore,
  RequestKey,
  WorkConsumer,
  WorkHandler,
  WorkOutcome,
} from '../stores/operation-store.js';
