/**
 * Traces and metrics of a server; needs the package `@opentelemetry/api`.
 *
 * @module longrunning/opentelemetry
 */

// For applications.
export { type OpenTelemetryOptions, openTelemetry } from './open-telemetry.js';
export type { MeterSource, TracerSource } from './providers.js';
// For those who make dashboards.
export { METRICS, type MetricDefinition } from './metrics.js';
