/**
 * Position in a trace, in the header format of W3C Trace Context. This format passes through queues and
 * databases and is independent of the tracing library.
 */
export interface TraceContext {
  /** Trace parent `00-{trace id}-{span id}-{flags}`, in lower-case hexadecimal digits. */
  readonly traceparent: string;
  /** Vendor data: `key=value` pairs separated by commas. */
  readonly tracestate?: string;
}

/** Version 00. All-zero ids are invalid. */
const TRACEPARENT = /^00-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/;
const TRACESTATE = /^[ -~]{1,512}$/;

/** Parsed `traceparent`. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}

/** Parses a `traceparent`. Returns undefined if it is malformed. */
export function parseTraceparent(traceparent: string): TraceParent | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

/** Reads the trace context from headers. Returns undefined if it is absent or malformed. */
export function traceContextOf(headers: Readonly<Record<string, string>>): TraceContext | undefined {
  const { traceparent, tracestate } = headers;
  if (traceparent === undefined || !parseTraceparent(traceparent)) return undefined;
  return tracestate !== undefined && TRACESTATE.test(tracestate)
    ? { traceparent, tracestate }
    : { traceparent };
}

/** Returns the trace id, for logs. */
export function traceIdOf(context: TraceContext | undefined): string | undefined {
  return context && parseTraceparent(context.traceparent)?.traceId;
}
