import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js';
import {
  OperationsService as GeneratedService,
  ListOperationsResponse,
  Operation,
  type OperationsServer,
} from '../../generated/google/longrunning/operations.js';
import type { Empty } from '../../generated/google/protobuf/empty.js';
import { contain } from '../contain.js';
import { encodeMessage } from '../encode.js';
import { sendableError, toServerError } from '../grpc-status.js';
import type { MessageType } from '../operation-method.js';
import { Code, isStatusError, StatusError } from '../status.js';
import { readProperty } from '../text.js';
import { GrpcCallFacts, peerOf } from './access/call-facts.js';
import { type Entry, enter, inCall, inWait } from './access/entry.js';
import { type Admission, EVERYBODY } from './access/gate.js';
import { FairTurns } from './fair-turns.js';
import { internalError } from './internal-error.js';
import type { Logger } from './logger.js';
import type { InProcessOperations, Waiting } from './operations-service.js';
import { isPromised, type Soon, whenThere } from './soon.js';
import { smallRequestService } from './strict-service.js';
import { type CallObservers, type CallSubject, observedHandler } from './telemetry/observed-handler.js';

/** What Empty is on the wire. grpc-js copies it into a frame. */
const EMPTY_BYTES = Buffer.alloc(0);

/** Trailers have room for no longer one besides the status. */
const MAX_CHALLENGE_LENGTH = 512;

const strict = smallRequestService(GeneratedService);

/**
 * The gRPC definition of `google.longrunning.Operations`, for `server.addService`. Unlike the generated one it
 * refuses bytes that are no message.
 */
export const OperationsService: typeof GeneratedService = {
  listOperations: { ...strict.listOperations, responseSerialize: encoder(ListOperationsResponse) },
  getOperation: { ...strict.getOperation, responseSerialize: encoder(Operation) },
  deleteOperation: { ...strict.deleteOperation, responseSerialize: () => EMPTY_BYTES },
  cancelOperation: { ...strict.cancelOperation, responseSerialize: () => EMPTY_BYTES },
  waitOperation: { ...strict.waitOperation, responseSerialize: encoder(Operation) },
};

/** What the five methods are served with. */
export interface HandlerParts extends CallObservers, Entry {
  readonly service: InProcessOperations;
}

/** Serves the five methods over gRPC. */
export function grpcHandlers(parts: HandlerParts): OperationsServer {
  const { service, logger, gate, limits } = parts;
  const entry = { gate, limits };
  const listTurns = new FairTurns();
  const { getOperation, listOperations, cancelOperation, deleteOperation, waitOperation } = OperationsService;
  const admitted = <Request extends { readonly name: string }, Response>(
    { path }: { readonly path: string },
    respond: AdmittedResponse<Request, Response>,
    subject: CallSubject = 'operation',
  ) => {
    const handler = unary(
      path,
      logger,
      admitting(entry, path, ({ name }) => name, respond),
    );
    return observedHandler(path, parts, handler, subject);
  };
  return {
    getOperation: admitted(getOperation, ({ request }) => service.get(request)),
    listOperations: admitted(
      listOperations,
      (call, admission) =>
        listTurns.make(async () => {
          if (call.cancelled) throw new StatusError(Code.CANCELLED, 'the caller went away');
          return service.listOperations(call.request, {}, admission);
        }),
      'parent',
    ),
    cancelOperation: admitted(cancelOperation, ({ request }) => whenThere(service.cancel(request), empty)),
    deleteOperation: admitted(deleteOperation, ({ request }) => service.deleteOperation(request).then(empty)),
    waitOperation: admitted(waitOperation, (call, admission) => {
      const wait = () => service.wait(call.request, waitingOf(call));
      return limits ? inWait(limits, admission, peerOf(call), wait) : wait();
    }),
  };
}

/** Answers a call that was let in. */
export type AdmittedResponse<Request, Response> = (
  call: ServerUnaryCall<Request, Response>,
  admission: Admission,
) => Soon<Response>;

/**
 * Has a call be let in before it is answered. Where there is neither gate nor limit it costs nothing.
 *
 * @param nameOf - the resource that a request is about.
 */
export function admitting<Request, Response>(
  entry: Entry,
  path: string,
  nameOf: (request: Request) => string,
  respond: AdmittedResponse<Request, Response>,
): (call: ServerUnaryCall<Request, Response>) => Soon<Response> {
  if (!entry.gate && !entry.limits) return (call) => respond(call, EVERYBODY);
  return (call) =>
    inCall(entry, new GrpcCallFacts(path, nameOf(call.request), call), (admission) =>
      respond(call, admission),
    );
}

/** What {@link guarded} takes besides the handler. */
export interface GuardedMethod<Request> extends Entry {
  readonly path: string;
  readonly nameOf: (request: Request) => string;
  readonly logger: Logger;
}

/** Has a call be let in before somebody else's handler is given it. What the handler throws at once is told to the log alone. */
export function guarded<Request, Response>(
  { path, nameOf, logger, ...entry }: GuardedMethod<Request>,
  handler: handleUnaryCall<Request, Response>,
): handleUnaryCall<Request, Response> {
  return async (call, callback) => {
    const refuse = (thrown: unknown) => callback(refusal(path, logger, thrown));
    let leave: () => void;
    try {
      ({ leave } = await enter(entry, new GrpcCallFacts(path, nameOf(call.request), call)));
    } catch (thrown) {
      refuse(thrown);
      return;
    }
    // Some handlers do not answer a caller that has gone.
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

/** The resource that a request is about, as most APIs have it; empty where there is none. */
export function namedResource(request: unknown): string {
  const { name, parent } = request as { readonly name?: unknown; readonly parent?: unknown };
  return [name, parent].find((value) => typeof value === 'string' && value !== '')?.toString() ?? '';
}

/**
 * A grpc-js handler that answers what `respond` gives or resolves to, and its StatusErrors with their details. Anything
 * else that is thrown goes to the log, and out as "internal error" (contract 33).
 */
export function unary<Request, Response>(
  path: string,
  logger: Logger,
  respond: (call: ServerUnaryCall<Request, Response>) => Soon<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const refuse = (thrown: unknown) => callback(refusal(path, logger, thrown));
    let response: Soon<Response>;
    try {
      response = respond(call);
    } catch (thrown) {
      refuse(thrown);
      return;
    }
    if (isPromised(response)) response.then((value) => callback(null, value), refuse);
    else callback(null, response);
  };
}

const empty = (): Empty => ({});

/** Converts what was thrown to what the caller receives, with the challenge for HTTP if access was refused. Never throws. */
export function refusal(path: string, logger: Logger, thrown: unknown): ReturnType<typeof toServerError> {
  const isMeant = isStatusError(thrown);
  if (!isMeant) logger.error({ err: thrown, method: path }, 'call failed unexpectedly');
  const answer = toServerError(isMeant ? thrown : internalError(path, thrown));
  const challenge = readProperty(thrown, 'challenge');
  if (isMeant && typeof challenge === 'string' && isHeaderValue(challenge))
    answer.metadata?.set('www-authenticate', challenge);
  return answer;
}

/** Whether gRPC can send a text as the value of a header. */
function isHeaderValue(text: string): boolean {
  return text.length <= MAX_CHALLENGE_LENGTH && /^[ -~]*$/.test(text);
}

/** Deadline and end of a call that may take long. The quick ones leave both to grpc-js. */
function waitingOf(call: ServerUnaryCall<unknown, unknown>): Waiting {
  const timeoutMs = Number(call.getDeadline()) - Date.now();
  return {
    timeoutMs: Number.isFinite(timeoutMs) ? Math.max(0, timeoutMs) : undefined,
    whenGone(gone) {
      const goneAway = () => gone(new StatusError(Code.CANCELLED, 'the caller went away'));
      // It may have gone while it was being let in.
      if (call.cancelled) goneAway();
      else call.on('cancelled', goneAway);
      return () => call.off('cancelled', goneAway);
    },
  };
}

function encoder<Message>(type: Pick<MessageType<Message>, 'encode'>): (message: Message) => Buffer {
  return (message) => encodeMessage(type, message);
}
