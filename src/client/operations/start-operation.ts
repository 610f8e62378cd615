import { randomUUID } from 'node:crypto';
import { Operation } from '../../../generated/google/longrunning/operations.js';
import { asBuffer } from '../../core/any.js';
import type { DeepPartial, OperationMethod } from '../../core/operation-method.js';
import type { CallOptions } from '../../core/operations-api.js';
import { link } from '../../core/signals.js';
import { callDeadline } from '../calls/call-deadline.js';
import type { UnaryMethod } from '../calls/connection.js';
import { retryUnavailable } from '../calls/retry-unavailable.js';

/** Makes one call of a method, over the connection of a client. */
export type StartCall = <Request extends object>(
  method: UnaryMethod<Request, Operation>,
  request: Request,
  options: CallOptions,
) => Promise<Operation>;

/**
 * Calls a long-running method. A request whose `request_id` is empty gets a random one (AIP-155). The server starts one
 * operation per id, so only calls with an id are repeated while the server is UNAVAILABLE.
 *
 * @param closed - ends the repetition when the client is closed.
 * @throws StatusError of the server; `signal.reason` on abort.
 */
export async function startOperation<Request>(
  call: StartCall,
  method: OperationMethod<Request, unknown, unknown>,
  fields: DeepPartial<Request>,
  { timeoutMs, signal, headers }: CallOptions,
  closed: AbortSignal,
): Promise<Operation> {
  const request: Identified = method.request.fromPartial(fields) as object;
  if (request.requestId === '') request.requestId = randomUUID();
  const unary: UnaryMethod<object, Operation> = {
    path: method.path,
    requestSerialize: (message) => asBuffer(method.request.encode(message as Request).finish()),
    responseDeserialize: (bytes) => Operation.decode(bytes),
  };
  if (typeof request.requestId !== 'string') return call(unary, request, { timeoutMs, signal, headers });
  const deadline = callDeadline(timeoutMs);
  const linked = link(signal, closed);
  try {
    return await retryUnavailable({ deadline, signal: linked.signal }, (leftMs) =>
      call(unary, request, { timeoutMs: leftMs, signal: linked.signal, headers }),
    );
  } finally {
    linked[Symbol.dispose]();
  }
}

interface Identified {
  requestId?: unknown;
}
