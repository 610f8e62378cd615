/**
 * Where in a trace something happened, as the headers of W3C Trace Context have it: so it goes through a queue and a
 * database, whatever tracing is done with.
 */
export interface TraceContext {
  /** `00-{trace id}-{span id}-{flags}`, in lower-case hexadecimal digits. */
  readonly traceparent: string;
  /** What vendors add, `key=value` separated by commas. */
  readonly tracestate?: string;
}

/** Version 00. No id is all zeros. */
const TRACEPARENT = /^00-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/;
const TRACESTATE = /^[ -~]{1,512}$/;

/** The parts of a `traceparent`. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}

/** @returns undefined when it is none. */
export function parseTraceparent(traceparent: string): TraceParent | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

/** Where a call comes from, as its headers say; undefined when they do not, or not by the rules. */
export function traceContextOf(headers: Readonly<Record<string, string>>): TraceContext | undefined {
  const { traceparent, tracestate } = headers;
  if (traceparent === undefined || !parseTraceparent(traceparent)) return undefined;
  return tracestate !== undefined && TRACESTATE.test(tracestate)
    ? { traceparent, tracestate }
    : { traceparent };
}

/** The id of the trace, for logs. */
export function traceIdOf(context: TraceContext | undefined): string | undefined {
  return context && parseTraceparent(context.traceparent)?.traceId;
}
