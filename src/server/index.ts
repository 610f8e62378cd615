/**
 * Serves `google.longrunning.Operations` and methods that start operations.
 *
 * @module longrunning/server
 */

// For applications.
export { createOperations, type Operations } from './operations.js';
export type { CloseOptions, OperationsOptions } from './operations-options.js';
export {
  type Implementation,
  type ImplementedMethod,
  implement,
  type RunContext,
  type StartContext,
} from './work/implement.js';
export { type ServiceHandlers, type ServiceOptions, service } from './grpc/service.js';
export type { MountedService, Service, ServiceHost } from '../core/service.js';
export { addHealth, type HealthOptions } from './health/add-health.js';
export { type GrpcLimitOptions, type GrpcLimits, grpcLimits } from './limits/grpc-limits.js';
export { OperationsService } from './grpc/grpc-handlers.js';
export { strictService } from './grpc/grpc-handlers.js';
export { memoryStore } from '../stores/memory/memory-store.js';

export type { AuthorizeRequest, AuthorizeResult, AuthorizeStep } from './access/call-facts.js';
export type { Authenticate, CallHead, CallRefusal } from '../core/authenticate.js';
export type { CallOrigin } from './access/on-behalf.js';
export { type Caller, callerKey } from './access/call-facts.js';
export { type BearerOptions, bearerTokens } from './access/bearer-tokens.js';
export type { Claims } from './access/token-verifier.js';
export { type IamPolicyOptions, iamPolicy } from './access/iam-policy.js';
export { type Policy, type PolicyBinding, PolicyError, type PolicyFault } from './access/policy.js';
export { requireScopes } from './access/require-scopes.js';
export { type StaticToken, staticTokens } from './access/static-tokens.js';
export type { PublicKey } from './access/token-verifier.js';

// For authors of stores and of servers.
export type { HealthListener, OperationsHealth, ServingStatus } from './health/operations-health.js';
export type { Logger } from '../core/logger.js';
export type {
  TelemetrySpan,
  TelemetryCall,
  TelemetryRun,
  RunEnding,
  StoreVerb,
  Telemetry,
} from './telemetry/telemetry.js';
export type { TraceContext } from '../core/trace-context.js';
export type { CallerLimitOptions } from './limits/caller-limits.js';
export type { ServiceLimits } from './service/operations-service.js';
export type { Filter } from '../filter/index.js';
export { listedSize } from '../stores/contract/page-builder.js';
export { MAX_EXAMINED, MAX_EXAMINED_BYTES } from '../stores/contract/operation-store.js';
export type {
  ChangeListener,
  ConsumeOptions,
  ListedOperation,
  ListPage,
  ListQuery,
  OperationRecord,
  OperationResult,
  OperationStore,
  SynchronousRecords,
  RequestKey,
  UnfinishedCount,
  UnfinishedState,
  WorkConsumer,
  WorkHandler,
  WorkOutcome,
} from '../stores/contract/operation-store.js';
