// For applications.
export type { CorsOptions } from './cors.js';
export {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type GatewaySettings,
  type GatewayTarget,
} from './gateway.js';
export type { Logger } from './handler.js';
export { HttpRuleError } from './http-rule-error.js';
export type { GatewayLimits } from './limits.js';
export { compileRoutes, type RouteMatch, type RouteMiss, type Routes } from './router.js';
export type { RouteRule } from './route-rule.js';
export type { ServiceConfigFile } from './service-config.js';
// For library authors.
export {
  type PathTemplate,
  parseTemplate,
  type TemplateSegment,
  type TemplateVariable,
} from './path-template.js';
