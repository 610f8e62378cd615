// As much of the providers of `@opentelemetry/api` as tells them apart, so that our declarations do not need those.

/** A `TracerProvider` of `@opentelemetry/api`. */
export interface TracerSource {
  /** Gives out what spans are begun with. */
  getTracer(name: string, version?: string): object;
}

/** A `MeterProvider` of `@opentelemetry/api`. */
export interface MeterSource {
  /** Gives out what instruments are made with. */
  getMeter(name: string, version?: string): object;
}
