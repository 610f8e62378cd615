import type { handleUnaryCall, ServerUnaryCall, StatusObject } from '@grpc/grpc-js';
import {
  OperationsService as GeneratedService,
  ListOperationsResponse,
  Operation,
  type OperationsServer,
} from '../../../generated/google/longrunning/operations.js';
import type { Empty } from '../../../generated/google/protobuf/empty.js';
import { assertWireFormat, encodeMessage } from '../../core/any.js';
import { contain } from '../../core/contain.js';
import { sendableError, toSendableStatus } from '../../core/grpc-status.js';
import type { Logger } from '../../core/logger.js';
import { andThen, isPromised, type MaybePromise } from '../../core/maybe-promise.js';
import type { MessageType } from '../../core/operation-method.js';
import { Code, internalError, isStatusError, StatusError } from '../../core/status.js';
import { readProperty } from '../../core/text.js';
import { GrpcCallFacts, peerOf } from '../access/call-facts.js';
import { type Admission, type Entry, EVERYBODY, enter, inCall, inWait } from '../access/gate.js';
import type { InProcessOperations, Waiting } from '../service/operations-service.js';
import { type CallObservers, type CallSubject, observedHandler } from '../telemetry/observed-handler.js';
import { FairTurns } from './fair-turns.js';
import { operationSerializer } from './operation-codec.js';

/** More than any request of the kit's own services has. */
const MAX_FIELDS = 1000;

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
    cancelOperation: admitted(cancelOperation, ({ request }) => andThen(service.cancel(request), empty)),
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
) => MaybePromise<Response>;

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
): (call: ServerUnaryCall<Request, Response>) => MaybePromise<Response> {
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
  respond: (call: ServerUnaryCall<Request, Response>) => MaybePromise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const refuse = (thrown: unknown) => callback(refusal(path, logger, thrown));
    let response: MaybePromise<Response>;
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
export function refusal(path: string, logger: Logger, thrown: unknown): StatusObject {
  const isMeant = isStatusError(thrown);
  if (!isMeant) logger.error({ err: thrown, method: path }, 'call failed unexpectedly');
  const answer = toSendableStatus(isMeant ? thrown : internalError(path, thrown));
  const challenge = readProperty(thrown, 'challenge');
  if (isMeant && typeof challenge === 'string' && isHeaderValue(challenge))
    answer.metadata.set('www-authenticate', challenge);
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

interface StrictMethod {
  requestDeserialize(bytes: Buffer): unknown;
  responseDeserialize(bytes: Buffer): unknown;
}

/**
 * Makes a generated service definition safe to serve:
 *
 * - Requests that are not whole messages are rejected with INTERNAL, as gRPC specifies. Generated decoders stop at a
 *   stray zero and return what came before it, and a server would act on that.
 * - Operations that methods return are encoded by the codec of the kit, whichever generator and options the definition is
 *   from. Other codecs leave out fields of Operations that have another form than theirs, without an error.
 *
 * @throws TypeError if a method of the definition has no codec.
 *
 * @example
 * ```ts
 * server.addService(strictService(ReportsService), { exportReport: operations.starter(exportReport) });
 * ```
 */
export function strictService<Definition extends Readonly<Record<keyof Definition, StrictMethod>>>(
  definition: Definition,
): Definition {
  return checked(definition, Number.POSITIVE_INFINITY);
}

/**
 * A {@link strictService} for services whose requests have few fields, which refuses a message of very many: 4 MiB can repeat
 * a field two million times, and decoding that would block the event loop.
 */
export function smallRequestService<Definition extends Readonly<Record<keyof Definition, StrictMethod>>>(
  definition: Definition,
): Definition {
  return checked(definition, MAX_FIELDS);
}

function checked<Definition extends Readonly<Record<keyof Definition, StrictMethod>>>(
  definition: Definition,
  maxFields: number,
): Definition {
  const methods = Object.entries<StrictMethod>(definition);
  return Object.fromEntries(
    methods.map(([name, method]) => [name, strictMethod(name, method, maxFields)]),
  ) as Definition;
}

function strictMethod(name: string, method: StrictMethod, maxFields: number): StrictMethod {
  for (const codec of ['requestDeserialize', 'responseDeserialize'] as const) {
    if (typeof method?.[codec] !== 'function') {
      throw new TypeError(
        `method ${name} has no ${codec}: pass a service definition for grpc-js (ts-proto: outputServices=grpc-js, outputEncodeMethods=true)`,
      );
    }
  }
  const responseSerialize = operationSerializer((bytes) => method.responseDeserialize(bytes));
  return {
    ...method,
    requestDeserialize(bytes) {
      assertWireFormat(bytes, maxFields);
      return method.requestDeserialize(bytes);
    },
    ...(responseSerialize && { responseSerialize }),
  };
}
