/**
 * Serves `google.longrunning.Operations` and methods that start operations.
 *
 * @module longrunning/server
 */

// For applications.
export { createOperations } from './operations.js';
export type { Operations } from './operations-interface.js';
export { type RunningServer, type ServeOptions, serve } from './serve.js';
export type { OperationsOptions } from './operations-options.js';
export {
  type Implementation,
  type ImplementedMethod,
  implement,
  type RunContext,
  type StartContext,
} from './work/implement.js';
export { service } from './grpc/service.js';
export type { Service } from '../core/service.js';
export { addHealth } from './health/add-health.js';
export { addReflection } from './reflection/add-reflection.js';
export { grpcLimits } from './limits/grpc-limits.js';
export { OperationsService } from './grpc/grpc-handlers.js';
export { strictService } from './grpc/grpc-handlers.js';
export { memoryStore } from '../stores/memory/memory-store.js';

export type { AuthorizeRequest, AuthorizeResult, AuthorizeStep, Caller } from './access/call-facts.js';
export { type BearerOptions, bearerTokens } from './access/bearer-tokens.js';
export { iamPolicy } from './access/iam-policy.js';
export type { Policy } from './access/policy.js';
export { requireScopes } from './access/require-scopes.js';
export { staticTokens } from './access/static-tokens.js';

// For authors of servers.
export { toServerError } from '../core/grpc-status.js';
export type { Authenticate } from '../core/authenticate.js';
export type { TraceContext } from '../core/trace-context.js';
export type { Telemetry, TelemetryCall, TelemetryRun } from './telemetry/telemetry.js';

// Authors of stores find the rest in `longrunning/store`.
export type { OperationRecord, OperationStore } from '../stores/contract/operation-store.js';
