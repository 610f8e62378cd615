import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  type StatusObject,
} from '@grpc/grpc-js';
import { FORWARDED_PEER_HEADER, forwardedPeer } from './forwarded-peer.js';
import { Code } from './status.js';

/** A call of which the headers alone have arrived. */
export interface CallHead {
  /** Path of the method: `/google.longrunning.Operations/GetOperation`. */
  readonly method: string;
  readonly metadata: Metadata;
  /** Address and port of who is at the other end, or `unknown`. */
  readonly peer: string;
}

/** The status that a call is refused with. */
export type CallRefusal = Partial<StatusObject>;

/**
 * Refuses calls by their headers, before any of the message or body is read. Resolves to the refusal, or to undefined for a
 * call that may go on. `operations.authenticate` is one.
 */
export type Authenticate = (call: CallHead) => Promise<CallRefusal | undefined>;

/** The connection of a call, as far as authentication concerns it. */
export interface CallConnection {
  /** Whether a caller on the connection has been identified. */
  readonly isKnown: boolean;
  /** Notified when the caller of a call is identified. */
  identified(): void;
  /** Notified when a call is refused by its headers. */
  refused(): void;
}

type InterceptedCall = Parameters<ServerInterceptor>[1];

/** Connections whose callers are not known yet, by the metadata of their calls. */
const unknown = new WeakMap<Metadata, CallConnection>();
const authenticating = new WeakSet<object>();

/** The caller of a call has been identified, by its headers or later. */
export function callerIdentified(metadata: Metadata): void {
  unknown.get(metadata)?.identified();
}

/** Marks an interceptor that authenticates calls, so that a server adds no other. */
export function markAuthenticating(interceptor: ServerInterceptor): ServerInterceptor {
  authenticating.add(interceptor);
  return interceptor;
}

export function isAuthenticating(interceptor: ServerInterceptor): boolean {
  return authenticating.has(interceptor);
}

/** An interceptor that has calls refused by their headers. grpc-js reads no message before. */
export function authenticationInterceptor(authenticate: Authenticate): ServerInterceptor {
  return ({ path }, call) => authenticated(path, call, authenticate, undefined);
}

/**
 * A call that is refused by its headers unless `authenticate` lets it pass. Calls from a gateway of this process pass: the gateway
 * authenticates by itself.
 *
 * @param connection - of the call, to be notified.
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
