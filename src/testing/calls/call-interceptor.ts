import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type ServerListener,
} from '@grpc/grpc-js';
import { contain } from '../../core/contain.js';
import { FORWARDED_PEER_HEADER } from '../../core/forwarded-peer.js';
import { Exchange, type ExchangeParts } from './exchange.js';
import { REST_REQUEST_HEADER } from './rest-front.js';

/** Intercepts every call to record it and to inject its fault. */
export function callInterceptor(parts: ExchangeParts): ServerInterceptor {
  return ({ path, responseSerialize }, call) => {
    const method = parts.methodAt(path);
    if (!method) return new ServerInterceptingCall(call, { start: (next) => next(withoutMark) });
    const serialize = (message: unknown) => responseSerialize(message as never);
    let exchange: Exchange | undefined;
    let metadata: Metadata | undefined;
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(received, pass) {
            metadata = received;
            pass(unmarked(received));
          },
          onReceiveMessage(message, pass) {
            // Only the first message of a stream is recorded.
            if (exchange) return pass(message);
            const begun = new Exchange(parts, method, { ...originOf(call, metadata), serialize, call });
            exchange = begun;
            // grpc-js calls this from a socket, so an exception would end the process.
            contain(
              () => begun.begin(message, pass),
              (error) => begun.fail(error),
            );
          },
          onReceiveHalfClose: (pass) => pass(),
          onCancel: () => exchange?.giveUp(),
        }),
      sendMessage: (message, pass) => pass(exchange ? exchange.answer(message) : message),
      sendStatus(status, pass) {
        exchange?.end(status.code ?? 0, status.details ?? '');
        pass(status);
      },
    });
  };
}

/** Listener of calls that are not intercepted. */
const withoutMark: Partial<ServerListener> = {
  onReceiveMetadata: (received, pass) => pass(unmarked(received)),
};

/** Removes the header that identifies the HTTP request, so that handlers do not see it. */
function unmarked(received: Metadata): Metadata {
  if (received.get(REST_REQUEST_HEADER).length === 0) return received;
  const rest = received.clone();
  rest.remove(REST_REQUEST_HEADER);
  return rest;
}

/** Origin of a call. REST calls identify themselves by a header. */
function originOf(call: ServerInterceptingCallInterface, metadata: Metadata | undefined) {
  const [request] = metadata?.get(REST_REQUEST_HEADER) ?? [];
  const headers = Object.fromEntries(
    Object.entries(metadata?.getMap() ?? {})
      .filter(([name]) => name !== REST_REQUEST_HEADER && name !== FORWARDED_PEER_HEADER)
      .map(([name, value]) => [name, typeof value === 'string' ? value : value.toString('base64')]),
  );
  return request === undefined
    ? { over: 'gRPC' as const, headers, connection: call.getPeer() }
    : { over: 'REST' as const, headers, connection: String(request) };
}
