/**
 * Traces and metrics of a server. Needs the package `@opentelemetry/api`.
 *
 * @module longrunning/opentelemetry
 */

// For applications.
export { openTelemetry } from './open-telemetry.js';
// For authors of dashboards.
export { METRICS } from './metrics.js';
