import type { SpanContext } from '@opentelemetry/api';
import { parseTraceparent, type TraceContext } from '../core/trace-context.js';
import type { OpenTelemetryApi } from './api.js';

/** What can be kept of a span, to be linked to later and elsewhere. */
export function traceContextOf(span: SpanContext): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span;
  const traceparent = `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
  const tracestate = traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}

/** The span that was kept; undefined when it is none. */
export function spanContextOf(
  { traceparent, tracestate }: TraceContext,
  { createTraceState }: OpenTelemetryApi,
): SpanContext | undefined {
  const parsed = parseTraceparent(traceparent);
  if (!parsed) return undefined;
  const { traceId, spanId, flags } = parsed;
  return {
    traceId,
    spanId,
    traceFlags: flags,
    isRemote: true,
    ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
  };
}
