/**
 * OpenAPI documents of gRPC APIs, according to their HTTP rules.
 *
 * @module longrunning/openapi
 */

export { type OpenApiOptions, openApiDocument } from './document.js';
export type { OpenApiDocument } from './objects.js';
