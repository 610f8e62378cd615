import type { handleUnaryCall, ServerUnaryCall, StatusObject } from '@grpc/grpc-js';
import {
  OperationsService as GeneratedService,
  ListOperationsResponse,
  Operation,
  type OperationsServer,
} from '../../../generated/google/longrunning/operations.js';
import type { Empty } from '../../../generated/google/protobuf/empty.js';
import { assertWireFormat, encodeMessage } from '../../core/any.js';
import { toSendableStatus } from '../../core/grpc-status.js';
import type { Logger } from '../../core/logger.js';
import { isPromised, type MaybePromise } from '../../core/maybe-promise.js';
import type { MessageType } from '../../core/operation-method.js';
import { Code, internalError, isStatusError, StatusError } from '../../core/status.js';
import { readProperty } from '../../core/text.js';
import { GrpcCallFacts, peerOf } from '../access/call-facts.js';
import { type AccessControl, type Admission, EVERYBODY, inCall, inWait } from '../access/gate.js';
import type { InProcessOperations, Waiting } from '../service/operations-service.js';
import { type CallObservers, type CallSubject, observedHandler } from '../telemetry/observed-handler.js';
import { FairTurns } from './fair-turns.js';
import { operationSerializer } from './operation-codec.js';

/** Upper bound on fields in a request; no request of the kit's own services has as many. */
const MAX_FIELDS = 1000;

/** Wire format of Empty. Shared, because grpc-js copies it into a frame. */
const EMPTY_BYTES = Buffer.alloc(0);

/** Longest challenge that fits in the trailers besides the status. */
const MAX_CHALLENGE_LENGTH = 512;

const strict = smallRequestService(GeneratedService);

/**
 * Service definition of `google.longrunning.Operations`, for `server.addService`. Unlike the generated one it rejects malformed
 * messages.
 */
export const OperationsService: typeof GeneratedService = {
  listOperations: { ...strict.listOperations, responseSerialize: encoder(ListOperationsResponse) },
  getOperation: { ...strict.getOperation, responseSerialize: encoder(Operation) },
  deleteOperation: { ...strict.deleteOperation, responseSerialize: () => EMPTY_BYTES },
  cancelOperation: { ...strict.cancelOperation, responseSerialize: () => EMPTY_BYTES },
  waitOperation: { ...strict.waitOperation, responseSerialize: encoder(Operation) },
};

/** Dependencies of the handlers of the five methods. */
export interface HandlerParts extends CallObservers, AccessControl {
  readonly service: InProcessOperations;
}

/** Creates the gRPC handlers of the five methods. */
export function grpcHandlers(parts: HandlerParts): OperationsServer {
  const { service, logger, gate, limits } = parts;
  const access = { gate, limits };
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
      admitting(access, path, ({ name }) => name, respond),
    );
    return observedHandler(path, parts, handler, subject);
  };
  return {
    getOperation: admitted(getOperation, ({ request }) => service.getOperation(request)),
    listOperations: admitted(
      listOperations,
      (call, admission) =>
        listTurns.run(async () => {
          if (call.cancelled) throw new StatusError(Code.CANCELLED, 'the caller cancelled the call');
          return service.listOperations(call.request, {}, admission);
        }),
      'parent',
    ),
    cancelOperation: admitted(cancelOperation, ({ request }) => service.cancelOperation(request).then(empty)),
    deleteOperation: admitted(deleteOperation, ({ request }) => service.deleteOperation(request).then(empty)),
    waitOperation: admitted(waitOperation, (call, admission) => {
      const wait = () => service.wait(call.request, waitingOf(call));
      return limits ? inWait(limits, admission, peerOf(call), wait) : wait();
    }),
  };
}

/** Responds to an admitted call. */
export type AdmittedResponse<Request, Response> = (
  call: ServerUnaryCall<Request, Response>,
  admission: Admission,
) => MaybePromise<Response>;

/**
 * Adds admission to the response of a method. Without authorization and limits it adds no cost.
 *
 * @param nameOf - returns the resource that a request refers to.
 */
export function admitting<Request, Response>(
  access: AccessControl,
  path: string,
  nameOf: (request: Request) => string,
  respond: AdmittedResponse<Request, Response>,
): (call: ServerUnaryCall<Request, Response>) => MaybePromise<Response> {
  if (!access.gate && !access.limits) return (call) => respond(call, EVERYBODY);
  return (call) =>
    inCall(access, new GrpcCallFacts(path, nameOf(call.request), call), (admission) =>
      respond(call, admission),
    );
}

/**
 * Creates a grpc-js handler from a function that returns or resolves to the response. StatusErrors are sent with their details.
 * Any other error is logged and sent as "internal error" (contract 33).
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

/** Converts an error to the status that the caller receives, with the HTTP challenge if access was refused. Never throws. */
export function refusal(path: string, logger: Logger, thrown: unknown): StatusObject {
  const isStatus = isStatusError(thrown);
  if (!isStatus) logger.error({ err: thrown, method: path }, 'call failed unexpectedly');
  const answer = toSendableStatus(isStatus ? thrown : internalError(path, thrown));
  const challenge = readProperty(thrown, 'challenge');
  if (isStatus && typeof challenge === 'string' && isHeaderValue(challenge))
    answer.metadata.set('www-authenticate', challenge);
  return answer;
}

/** Returns true if gRPC can send the text as the value of a header. */
function isHeaderValue(text: string): boolean {
  return text.length <= MAX_CHALLENGE_LENGTH && /^[ -~]*$/.test(text);
}

/** Reads deadline and cancellation of a wait. For short calls, grpc-js handles both. */
function waitingOf(call: ServerUnaryCall<unknown, unknown>): Waiting {
  const timeoutMs = Number(call.getDeadline()) - Date.now();
  return {
    timeoutMs: Number.isFinite(timeoutMs) ? Math.max(0, timeoutMs) : undefined,
    whenGone(gone) {
      const goneAway = () => gone(new StatusError(Code.CANCELLED, 'the caller cancelled the call'));
      // The call may have been cancelled during admission.
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
 * - Malformed requests are rejected with INTERNAL, as gRPC specifies. Generated decoders stop at a stray zero and return the
 *   fields before it, and a server would act on them.
 * - Operations in responses are encoded by the codec of the kit, whichever generator and options the definition is from. Other
 *   codecs silently omit fields of Operations whose representation differs from theirs.
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
 * {@link strictService} for services whose requests have few fields. It rejects messages with very many: 4 MiB can repeat a
 * field two million times, and decoding that would block the event loop.
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

/** @throws TypeError if a method of a definition has no codec. */
export function assertCodecs(name: string, method: Partial<StrictMethod> | undefined | null): void {
  for (const codec of ['requestDeserialize', 'responseDeserialize'] as const) {
    if (typeof method?.[codec] !== 'function') {
      throw new TypeError(
        `method ${name} has no ${codec}: pass a service definition for grpc-js (ts-proto: outputServices=grpc-js, outputEncodeMethods=true)`,
      );
    }
  }
}

function strictMethod(name: string, method: StrictMethod, maxFields: number): StrictMethod {
  assertCodecs(name, method);
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
