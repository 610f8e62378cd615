// For applications.
export { loadSchema } from './load-schema.js';
export { operationsSchema, ownSchema, schemaOf } from './descriptor-schema.js';
export { schemaOfFiles } from './files-schema.js';
export { mergeSchemas } from './schema.js';
export { operationToJson } from './tolerant-json.js';
export { findMethod, type LongRunningMethod, type Schema } from './schema.js';
export { SchemaError } from './schema.js';
// For library authors.
export { findMethodName } from './method-name.js';
export { messageType } from './dynamic-message.js';
export { serviceDefinition } from './grpc-services.js';
export { TolerantJson } from './tolerant-json.js';
export { type BoundField, HttpRuleError, matchesPattern } from './path-template.js';
export { nearest } from '../core/nearest.js';
