/**
 * REST for any gRPC API according to its HTTP rules, and ports that serve gRPC and REST.
 *
 * @module longrunning/gateway
 */

export { createGateway, type GatewayOptions } from './gateway.js';
export type { Gateway } from './http/http-message.js';
export type { GatewayLimits } from './http/limits.js';
export { HttpRuleError } from '../schema/path-template.js';
export { type PortOptions, type ServedPort, servePort } from './port/serve-port.js';
export type { ServerTls } from './port/server-tls.js';
