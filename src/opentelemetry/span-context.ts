import type { SpanContext } from '@opentelemetry/api';
import { parseTraceparent, type TraceContext } from '../core/trace-context.js';
import type { OpenTelemetryApi } from './instruments.js';

/** Converts a span context to a trace context, which can be stored and linked to later. */
export function traceContextOf(span: SpanContext): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span;
  const traceparent = `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
  const tracestate = traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}

/** Converts a stored trace context to a span context; undefined if it is invalid. */
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
