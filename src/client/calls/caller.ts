import { Metadata } from '@grpc/grpc-js';
import {
  CancelOperationRequest,
  DeleteOperationRequest,
  GetOperationRequest,
  ListOperationsRequest,
  OperationsService,
  WaitOperationRequest,
} from '../../../generated/google/longrunning/operations.js';
import { systemClock, timeLeftMs } from '../../core/clock.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
import { link, within } from '../../core/signals.js';
import { Code, invalidField, kitError, quoted } from '../../core/status.js';
import { callDeadline } from './call-deadline.js';
import type { Connection, UnaryMethod } from './connection.js';
import { authorization, type TokenSource } from './credentials.js';

/** Settings that all calls of a client share. */
export interface CallerOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly token?: TokenSource | undefined;
  /** Aborts when the client is closed. */
  readonly closed: AbortSignal;
}

/** Makes calls with the options of the client and those of the call. */
export class Caller {
  readonly #options: CallerOptions;

  /** Checks the common headers. @throws StatusError INVALID_ARGUMENT if one cannot be sent. */
  constructor(options: CallerOptions) {
    callHeaders({}, options.headers);
    this.#options = options;
  }

  /** Makes one call. @throws StatusError; `signal.reason` on abort. */
  async call<Request extends object, Response>(
    connection: Connection,
    method: UnaryMethod<Request, Response>,
    request: Request,
    { timeoutMs, signal, headers }: CallOptions = {},
  ): Promise<Response> {
    const { token, headers: common } = this.#options;
    const deadline = callDeadline(timeoutMs);
    const identity = token === undefined ? undefined : await this.#identity(token, deadline, signal);
    const metadata = callHeaders(request, identity, common, headers);
    return connection.call(method, request, { metadata, deadline, signal });
  }

  async #identity(
    token: TokenSource,
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<Readonly<Record<string, string>>> {
    const timeoutMs = timeLeftMs(deadline);
    const linked = link(signal, this.#options.closed);
    try {
      // Deadlines of calls use the system clock, like grpc-js.
      return await within({ timeoutMs, signal: linked.signal }, noToken, systemClock, (limited) =>
        authorization(token, limited),
      );
    } finally {
      linked[Symbol.dispose]();
    }
  }
}

function noToken(timeoutMs: number): unknown {
  const message = `no token within ${timeoutMs} ms: check its source, or give a longer timeoutMs`;
  return kitError(Code.DEADLINE_EXCEEDED, 'TOKEN_TIMED_OUT', message);
}

type Headers = Readonly<Record<string, string>>;

const ROUTING_HEADER = 'x-goog-request-params';

/** Longest well-formed name (contract 9). A longer one, percent-encoded, could exceed the peer's header limit. */
const MAX_NAME_BYTES = 1024;

/** Fields of a request by which proxies and Google's front ends route calls. */
interface Routed {
  readonly name?: unknown;
  readonly parent?: unknown;
}

/**
 * Builds the headers of a call: the routing header (AIP-4222) with the request's `parent`, or else its `name`, then the
 * given ones, of which later ones take precedence.
 *
 * @throws StatusError INVALID_ARGUMENT for a header that HTTP/2 cannot carry.
 */
export function callHeaders(
  { name, parent }: Routed,
  ...headers: readonly (Headers | undefined)[]
): Metadata {
  const metadata = new Metadata();
  const [field, resource] = parent === undefined ? ['name', name] : ['parent', parent];
  if (isRoutable(resource)) metadata.set(ROUTING_HEADER, `${field}=${encodeURIComponent(resource)}`);
  for (const [key, value] of headers.flatMap((some) => Object.entries(some ?? {}))) {
    try {
      metadata.set(key, value);
    } catch {
      // Without cause: the error of grpc-js quotes the value, which may be a token.
      const message = `header ${quoted(key)} cannot be sent: use lower-case ASCII names and printable ASCII values`;
      throw invalidField('headers', message);
    }
  }
  return metadata;
}

/** Returns false for a malformed name, which is sent without the header for the server to reject. */
function isRoutable(name: unknown): name is string {
  return typeof name === 'string' && name.isWellFormed() && Buffer.byteLength(name) <= MAX_NAME_BYTES;
}

/** Function that makes one call of any method. */
export type UnaryCall = <Request extends { name: string }, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  options?: CallOptions,
) => Promise<Response>;

/** Implements the five methods by one function. */
export function unaryOperations(call: UnaryCall): OperationsApi {
  const { getOperation, listOperations, cancelOperation, deleteOperation, waitOperation } = OperationsService;
  return {
    getOperation: async (request, options) =>
      call(getOperation, GetOperationRequest.fromPartial(request), options),
    listOperations: async (request, options) =>
      call(listOperations, ListOperationsRequest.fromPartial(request), options),
    cancelOperation: async (request, options) => {
      await call(cancelOperation, CancelOperationRequest.fromPartial(request), options);
    },
    deleteOperation: async (request, options) => {
      await call(deleteOperation, DeleteOperationRequest.fromPartial(request), options);
    },
    waitOperation: async (request, options) =>
      call(waitOperation, WaitOperationRequest.fromPartial(request), options),
  };
}
