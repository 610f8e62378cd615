/**
 * REST for any gRPC API according to its HTTP rules, with OpenAPI and gRPC reflection.
 *
 * @module longrunning/gateway
 */

// For applications.
export type { CorsOptions } from './http/cors.js';
export {
  createGateway,
  type GatewayOptions,
  type GatewaySettings,
  type GatewayTarget,
} from './gateway.js';
export type { Authenticate, CallHead, CallRefusal } from '../core/authenticate.js';
export type { Logger } from '../core/logger.js';
export { type OpenApiOptions, type OpenApiSettings, openApiDocument } from './openapi/document.js';
export type { OpenApiDocument } from './openapi/objects.js';
export { addReflection, type Reflection, type ReflectionOptions } from './reflection/add-reflection.js';
export type { ServiceDescription } from './openapi/service-description.js';
export { HttpRuleError } from '../schema/path-template.js';
export type { GatewayLimits } from './http/limits.js';
export type { Gateway } from './http/http-message.js';
export { compileRoutes, type RouteMatch, type RouteMiss, type Routes } from './routing/router.js';
export type { RouteRule } from './routing/route-rule.js';
export type { ServiceConfigFile } from './rules/service-config.js';
export type { ServerTls } from './port/server-tls.js';
export { type PortOptions, type ServedPort, servePort } from './port/serve-port.js';
// For library authors.
export type { AnnotatedOperation } from './reflection/method-annotations.js';
export {
  type PathTemplate,
  parseTemplate,
  type TemplateSegment,
  type TemplateVariable,
} from '../schema/path-template.js';
