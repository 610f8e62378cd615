import type { Attributes, Context, Histogram, Span, Tracer } from '@opentelemetry/api';
import { Code, codeName } from '../core/status.js';
import { type TraceContext, traceContextOf as traceContextOfHeaders } from '../core/trace-context.js';
import type { Telemetry, TelemetryCall } from '../server/index.js';
import type { OpenTelemetryApi } from './instruments.js';
import { Attribute } from './metrics.js';
import { spanContextOf, traceContextOf } from './span-context.js';

/** Codes that count as server errors in the conventions for gRPC; other codes are caused by the caller. */
const SERVER_FAULTS: ReadonlySet<Code> = new Set<Code>([
  Code.UNKNOWN,
  Code.DEADLINE_EXCEEDED,
  Code.UNIMPLEMENTED,
  Code.INTERNAL,
  Code.UNAVAILABLE,
  Code.DATA_LOSS,
]);

type CallFacts = Parameters<Telemetry['call']>[0];

const LIST = '/ListOperations';

/** Tracer and instrument for calls. */
export interface CallInstruments {
  readonly api: OpenTelemetryApi;
  readonly tracer: Tracer;
  readonly duration: Histogram;
}

/** Reports one call: its duration, and a server span as child of the caller's span. */
export class CallTelemetry implements TelemetryCall {
  readonly #instruments: CallInstruments;
  readonly #method: string;
  readonly #startedAt = performance.now();
  readonly #span: Span;
  readonly #context: Context;

  constructor(instruments: CallInstruments, facts: CallFacts) {
    const { api, tracer } = instruments;
    this.#instruments = instruments;
    this.#method = facts.method.slice(1);
    const parent = callerContext(api, facts);
    const attributes = {
      [Attribute.RPC_SYSTEM]: 'grpc',
      [Attribute.RPC_METHOD]: this.#method,
      ...peerAttributes(facts.peer),
      ...(facts.name !== '' && !facts.method.endsWith(LIST) && { [Attribute.OPERATION]: facts.name }),
    };
    this.#span = tracer.startSpan(this.#method, { kind: api.SpanKind.SERVER, attributes }, parent);
    this.#context = api.trace.setSpan(parent, this.#span);
  }

  get trace(): TraceContext | undefined {
    const context = this.#span.spanContext();
    return this.#instruments.api.isSpanContextValid(context) ? traceContextOf(context) : undefined;
  }

  within<Result>(act: () => Result): Result {
    return this.#instruments.api.context.with(this.#context, act);
  }

  end(code: Code, operation?: string): void {
    const { api, duration } = this.#instruments;
    const status = codeName(code);
    const outcome: Attributes = {
      [Attribute.RPC_STATUS]: status,
      ...(SERVER_FAULTS.has(code) && { [Attribute.ERROR_TYPE]: status }),
    };
    this.#span.setAttributes(outcome);
    if (operation !== undefined) this.#span.setAttribute(Attribute.OPERATION, operation);
    if (SERVER_FAULTS.has(code)) this.#span.setStatus({ code: api.SpanStatusCode.ERROR });
    this.#span.end();
    const call = { [Attribute.RPC_SYSTEM]: 'grpc', [Attribute.RPC_METHOD]: this.#method };
    const seconds = (performance.now() - this.#startedAt) / 1000;
    duration.record(seconds, { ...call, ...outcome }, this.#context);
  }
}

/** Extracts the context of the caller with the propagator of the application, or else by W3C Trace Context. */
function callerContext(api: OpenTelemetryApi, { headers }: CallFacts): Context {
  const { propagation, ROOT_CONTEXT, trace } = api;
  if (propagation.fields().length > 0) return propagation.extract(ROOT_CONTEXT, headers);
  const caller = traceContextOfHeaders(headers);
  const span = caller && spanContextOf(caller, api);
  return span ? trace.setSpanContext(ROOT_CONTEXT, span) : ROOT_CONTEXT;
}

/** `192.0.2.7:50312` or `[::1]:50312`; a Unix socket has neither address nor port. */
const PEER = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:]+)|(?<bare>.+)):(?<port>\d+)$/;

function peerAttributes(peer: string): Attributes {
  const { v6, v4, bare, port } = PEER.exec(peer)?.groups ?? {};
  const address = v6 ?? v4 ?? bare;
  return address === undefined
    ? {}
    : { [Attribute.PEER_ADDRESS]: address, [Attribute.PEER_PORT]: Number(port) };
}
