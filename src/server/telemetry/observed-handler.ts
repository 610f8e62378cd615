import type { handleUnaryCall, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import { Code, codeName } from '../../core/status.js';
import { traceContextOf, traceIdOf } from '../../core/trace-context.js';
import { type CallFacts, GrpcCallFacts } from '../access/call-facts.js';
import type { ObservedCall, Telemetry } from './telemetry.js';

/** Who is told of calls. */
export interface CallObservers {
  readonly telemetry: Telemetry | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Whose name is in the request: an operation's, or what operations are listed under, or that of some other resource;
 * `start`: an operation's is in the answer.
 */
export type CallSubject = 'operation' | 'parent' | 'other' | 'start';

/**
 * A handler of whose calls telemetry is told, and the log where it takes that. Where neither is so it is the very same
 * handler.
 */
export function observedHandler<Request, Response>(
  path: string,
  { telemetry, logger, clock }: CallObservers,
  handler: handleUnaryCall<Request, Response>,
  subject: CallSubject,
): handleUnaryCall<Request, Response> {
  if (!telemetry && !logger.debug) return handler;
  return (call, callback) => {
    const asked = subject === 'start' || subject === 'other' ? '' : nameIn(call.request);
    const facts = new GrpcCallFacts(path, asked ?? '', call);
    const observed = telemetry?.call(facts);
    const beganAt = clock.now();
    const answer: sendUnaryData<Response> = (error, value, trailer, flags) => {
      const code = error ? ((error.code ?? Code.UNKNOWN) as Code) : endOf(call);
      const operation = subject === 'operation' ? asked : subject === 'start' ? nameIn(value) : undefined;
      observed?.end(code, operation);
      logger.debug?.(
        {
          method: path,
          code: codeName(code),
          durationMs: clock.now() - beganAt,
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

/** Reports a call that was refused before it had a handler. */
export function observeRefusal({ telemetry, logger }: CallObservers, facts: GrpcCallFacts, code: Code): void {
  telemetry?.call(facts).end(code, undefined);
  logger.debug?.({ method: facts.method, code: codeName(code) }, 'call refused');
}

/** What the caller was told, if anything, of a call that the handler has an answer to. */
function endOf(call: ServerUnaryCall<unknown, unknown>): Code {
  if (!call.cancelled) return Code.OK;
  return Number(call.getDeadline()) <= Date.now() ? Code.DEADLINE_EXCEEDED : Code.CANCELLED;
}

function traceOf(observed: ObservedCall | undefined, { headers }: CallFacts) {
  return observed?.trace ?? traceContextOf(headers);
}

function nameIn(message: unknown): string | undefined {
  const { name } = (message ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : undefined;
}
