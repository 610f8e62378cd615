import type {
  handleServerStreamingCall,
  handleUnaryCall,
  ServerWritableStream,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import { contain } from '../../core/contain.js';
import { sendableError } from '../../core/grpc-status.js';
import type { Logger } from '../../core/logger.js';
import { GrpcCallFacts } from '../access/call-facts.js';
import { type AccessControl, admitCall } from '../access/gate.js';
import { type CallObservers, observedHandler, observedStream } from '../telemetry/observed-handler.js';
import { refusal } from './grpc-handlers.js';

/** Dependencies of {@link guarded}. */
export interface GuardedMethod<Request> extends AccessControl {
  readonly path: string;
  readonly nameOf: (request: Request) => string;
  readonly logger: Logger;
}

/** Adds admission to a handler of the application. Errors that the handler throws synchronously are only logged. */
export function guarded<Request, Response>(
  { path, nameOf, logger, ...access }: GuardedMethod<Request>,
  handler: handleUnaryCall<Request, Response>,
): handleUnaryCall<Request, Response> {
  return async (call, callback) => {
    const refuse = (thrown: unknown) => callback(refusal(path, logger, thrown));
    let leave: () => void;
    try {
      ({ leave } = await admitCall(access, new GrpcCallFacts(path, nameOf(call.request), call)));
    } catch (thrown) {
      refuse(thrown);
      return;
    }
    // Some handlers do not answer cancelled calls.
    if (call.cancelled) leave();
    else call.once('cancelled', leave);
    let isAnswered = false;
    const answer: typeof callback = (error, ...answered) => {
      leave();
      if (isAnswered) return;
      callback(error ? sendableError(error) : error, ...answered);
      isAnswered = true;
    };
    contain(
      // A handler may be asynchronous, whatever its type.
      () => handler(call, answer),
      (thrown) => answer(refusal(path, logger, thrown)),
    );
  };
}

/** Handler of a method that returns a stream. Its calls are writable; those with a stream of requests are readable, too. */
type StreamHandler = handleServerStreamingCall<unknown, unknown>;

/** Adds admission to a handler of the application that returns a stream. Errors that it throws are only logged. */
function guardedStream(
  { path, nameOf, logger, ...access }: GuardedMethod<unknown>,
  handler: StreamHandler,
): StreamHandler {
  return async (call) => {
    const refuse = (thrown: unknown) => call.emit('error', refusal(path, logger, thrown));
    try {
      const { leave } = await admitCall(access, new GrpcCallFacts(path, nameOf(call.request), call));
      // Emitted at the end of every call, cancelled or not.
      if (call.cancelled) leave();
      else call.once('cancelled', leave);
    } catch (thrown) {
      refuse(thrown);
      return;
    }
    contain(
      () => handler(call),
      (thrown) => {
        if (!hasEnded(call)) refuse(thrown);
      },
    );
  };
}

function hasEnded(call: ServerWritableStream<unknown, unknown>): boolean {
  return call.cancelled || call.writableEnded || call.destroyed;
}

/** A method that {@link guardedHandler} guards. */
export interface GuardedCalls extends GuardedMethod<unknown> {
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/**
 * Adds admission and telemetry to a handler of any kind. Streams of requests have no message when they are admitted, so their
 * resource is unknown.
 */
export function guardedHandler(
  { requestStream, responseStream, ...method }: GuardedCalls,
  observers: CallObservers,
  handler: UntypedHandleCall,
): UntypedHandleCall {
  const { path } = method;
  const guardedMethod = requestStream ? { ...method, nameOf: () => '' } : method;
  if (responseStream)
    return observedStream(path, observers, guardedStream(guardedMethod, handler as StreamHandler));
  // The calls of a stream of requests have all that is used here.
  const unary = guarded(guardedMethod, handler as handleUnaryCall<unknown, unknown>);
  return observedHandler(path, observers, unary, 'other') as UntypedHandleCall;
}

/** Returns the resource that a request refers to by convention: its `name`, or else its `parent`, or else empty. */
export function namedResource(request: unknown): string {
  const { name, parent } = request as { readonly name?: unknown; readonly parent?: unknown };
  return [name, parent].find((value) => typeof value === 'string' && value !== '')?.toString() ?? '';
}
