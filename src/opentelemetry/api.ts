/** `@opentelemetry/api`, which is there only once somebody asked for it. */
export type OpenTelemetryApi = typeof import('@opentelemetry/api');
