import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  type StatusObject,
} from '@grpc/grpc-js';
import { FORWARDED_PEER_HEADER, forwardedPeer } from './forwarded-peer.js';
import { Code } from './status.js';

/**
 * Authenticates a call by its headers, before its message or body is read. Resolves to the status that
 * rejects the call, or to undefined to accept it. `operations.authenticate` is an implementation.
 */
export type Authenticate = (call: {
  /** Path of the method: `/google.longrunning.Operations/GetOperation`. */
  readonly method: string;
  readonly metadata: Metadata;
  /** Address and port of the peer, or `unknown`. */
  readonly peer: string;
}) => Promise<Partial<StatusObject> | undefined>;

/** A call whose headers have arrived. */
export type CallHead = Parameters<Authenticate>[0];

/** Status that rejects a call. */
export type CallRefusal = Partial<StatusObject>;

/** Connection of a call, as seen by authentication. */
export interface CallConnection {
  /** True once a caller on the connection has been identified. */
  readonly isKnown: boolean;
  /** Called when the caller of a call is identified. */
  identified(): void;
  /** Called when a call is rejected by its headers. */
  refused(): void;
}

type InterceptedCall = Parameters<ServerInterceptor>[1];

/** Connections without an identified caller, by the metadata of their calls. */
const unknown = new WeakMap<Metadata, CallConnection>();
const authenticating = new WeakSet<object>();

/** Records that the caller of a call has been identified, by its headers or later. */
export function callerIdentified(metadata: Metadata): void {
  unknown.get(metadata)?.identified();
}

/** Marks an interceptor as authenticating calls, so that a server adds no other. */
export function markAuthenticating(interceptor: ServerInterceptor): ServerInterceptor {
  authenticating.add(interceptor);
  return interceptor;
}

export function isAuthenticating(interceptor: ServerInterceptor): boolean {
  return authenticating.has(interceptor);
}

/** Returns an interceptor that rejects calls by their headers, before grpc-js reads a message. */
export function authenticationInterceptor(authenticate: Authenticate): ServerInterceptor {
  return ({ path }, call) => authenticated(path, call, authenticate, undefined);
}

/**
 * Wraps a call so that its headers are authenticated first. Calls from a gateway in this process pass,
 * because the gateway has authenticated them.
 *
 * @param connection - connection of the call, notified of the result.
 */
export function authenticated(
  path: string,
  call: InterceptedCall,
  authenticate: Authenticate,
  connection: CallConnection | undefined,
): ServerInterceptingCall {
  return new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata(metadata, pass) {
          if (isInProcess(metadata)) {
            pass(metadata);
            return;
          }
          if (connection && !connection.isKnown) unknown.set(metadata, connection);
          const refuse = ({ code, details, metadata }: CallRefusal) => {
            call.sendStatus({
              code: code ?? Code.UNKNOWN,
              details: details ?? '',
              metadata: metadata ?? null,
            });
            connection?.refused();
          };
          authenticate({ method: path, metadata, peer: call.getPeer() }).then(
            (refusal) => (refusal ? refuse(refusal) : pass(metadata)),
            () => refuse({ code: Code.UNKNOWN, details: 'internal error: see the log of the server' }),
          );
        },
      }),
  });
}

function isInProcess(metadata: Metadata): boolean {
  const [token] = metadata.get(FORWARDED_PEER_HEADER);
  return token !== undefined && forwardedPeer(String(token)) !== undefined;
}
