import type {
  handleServerStreamingCall,
  handleUnaryCall,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
} from '@grpc/grpc-js';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import { Code, codeName, StatusError } from '../../core/status.js';
import { traceContextOf, traceIdOf } from '../../core/trace-context.js';
import { type CallFacts, GrpcCallFacts } from '../access/call-facts.js';
import type { Telemetry, TelemetryCall } from './telemetry.js';

/** Receivers of call reports, and the clock for durations. */
export interface CallObservers {
  readonly telemetry: Telemetry | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Kind of resource that the request names: an operation, the parent of a list, or another resource. For `start` the response
 * names an operation.
 */
export type CallSubject = 'operation' | 'parent' | 'other' | 'start';

/**
 * Wraps a handler so that its calls are reported to telemetry and, at level debug, to the log. Returns the same handler if
 * there is neither.
 */
export function observedHandler<Request, Response>(
  path: string,
  { telemetry, logger, clock }: CallObservers,
  handler: handleUnaryCall<Request, Response>,
  subject: CallSubject,
): handleUnaryCall<Request, Response> {
  if (!telemetry && !logger.debug) return handler;
  return (call, callback) => {
    const requested = subject === 'start' || subject === 'other' ? '' : nameIn(call.request);
    const facts = new GrpcCallFacts(path, requested ?? '', call);
    const observed = telemetry?.call(facts);
    const startedAt = clock.now();
    const answer: sendUnaryData<Response> = (error, value, trailer, flags) => {
      const code = error ? ((error.code ?? Code.UNKNOWN) as Code) : endOf(call);
      const operation = subject === 'operation' ? requested : subject === 'start' ? nameIn(value) : undefined;
      observed?.end(code, operation);
      logger.debug?.(
        {
          method: path,
          code: codeName(code),
          durationMs: clock.now() - startedAt,
          operation,
          traceId: traceIdOf(traceOf(observed, facts)),
        },
        'call answered',
      );
      callback(error, value, trailer, flags);
    };
    if (observed) observed.within(() => handler(call, answer));
    else handler(call, answer);
  };
}

/** Variant of {@link observedHandler} for a method that returns a stream. */
export function observedStream(
  path: string,
  { telemetry, logger, clock }: CallObservers,
  handler: handleServerStreamingCall<unknown, unknown>,
): handleServerStreamingCall<unknown, unknown> {
  if (!telemetry && !logger.debug) return handler;
  return (call) => {
    const facts = new GrpcCallFacts(path, '', call);
    const observed = telemetry?.call(facts);
    const startedAt = clock.now();
    let failure: Code | undefined;
    call.once('error', (error: { readonly code?: Code }) => {
      failure = error.code ?? Code.UNKNOWN;
    });
    // Emitted at the end of every call, cancelled or not.
    call.once('cancelled', () => {
      const code = failure ?? (call.writableEnded ? Code.OK : abandonment(call));
      observed?.end(code, undefined);
      const durationMs = clock.now() - startedAt;
      const traceId = traceIdOf(traceOf(observed, facts));
      logger.debug?.({ method: path, code: codeName(code), durationMs, traceId }, 'call answered');
    });
    if (observed) observed.within(() => handler(call));
    else handler(call);
  };
}

/** Reports a call of a transport that has no grpc-js handler. */
export async function observedCall<Result>(
  facts: CallFacts,
  { telemetry, logger, clock }: CallObservers,
  subject: CallSubject,
  answer: () => Promise<Result>,
): Promise<Result> {
  if (!telemetry && !logger.debug) return answer();
  const observed = telemetry?.call(facts);
  const startedAt = clock.now();
  const ended = (code: Code, operation: string | undefined) => {
    observed?.end(code, operation);
    const durationMs = clock.now() - startedAt;
    const traceId = traceIdOf(traceOf(observed, facts));
    logger.debug?.(
      { method: facts.method, code: codeName(code), durationMs, operation, traceId },
      'call answered',
    );
  };
  const requested = subject === 'operation' ? facts.name : undefined;
  try {
    const result = await (observed ? observed.within(answer) : answer());
    ended(Code.OK, subject === 'start' ? nameIn(result) : requested);
    return result;
  } catch (thrown) {
    ended(StatusError.from(thrown).code, requested);
    throw thrown;
  }
}

/** Reports a call that was refused before it reached a handler. */
export function observeRefusal({ telemetry, logger }: CallObservers, facts: GrpcCallFacts, code: Code): void {
  telemetry?.call(facts).end(code, undefined);
  logger.debug?.({ method: facts.method, code: codeName(code) }, 'call refused');
}

/** Returns the code that the caller received for a call that the handler answered. */
function endOf(call: ServerUnaryCall<unknown, unknown>): Code {
  return call.cancelled ? abandonment(call) : Code.OK;
}

/** Returns the reason for which a caller no longer waits. */
function abandonment(call: Pick<ServerWritableStream<unknown, unknown>, 'getDeadline'>): Code {
  return Number(call.getDeadline()) <= Date.now() ? Code.DEADLINE_EXCEEDED : Code.CANCELLED;
}

function traceOf(observed: TelemetryCall | undefined, { headers }: CallFacts) {
  return observed?.trace ?? traceContextOf(headers);
}

function nameIn(message: unknown): string | undefined {
  const { name } = (message ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : undefined;
}
