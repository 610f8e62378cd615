/**
 * Traces and metrics of a server. Needs the package `@opentelemetry/api`.
 *
 * @module longrunning/opentelemetry
 */

// For applications.
export {
  type MeterSource,
  type OpenTelemetryOptions,
  openTelemetry,
  type TracerSource,
} from './open-telemetry.js';
// For authors of dashboards.
export { METRICS, type MetricDefinition } from './metrics.js';
