import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  type StatusObject,
} from '@grpc/grpc-js';
import { INTRODUCTION_HEADER, introducedPeer } from './introduction.js';
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

/**
 * An interceptor that has calls refused by their headers. grpc-js reads no message before. Calls from a gateway of this process
 * pass: the gateway asks by itself.
 */
export function authenticationInterceptor(authenticate: Authenticate): ServerInterceptor {
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, pass) {
            if (isInProcess(metadata)) {
              pass(metadata);
              return;
            }
            const refuse = ({ code, details, metadata }: CallRefusal) =>
              call.sendStatus({
                code: code ?? Code.UNKNOWN,
                details: details ?? '',
                metadata: metadata ?? null,
              });
            authenticate({ method: path, metadata, peer: call.getPeer() }).then(
              (refusal) => (refusal ? refuse(refusal) : pass(metadata)),
              () => refuse({ code: Code.UNKNOWN, details: 'internal error: see the log of the server' }),
            );
          },
        }),
    });
}

function isInProcess(metadata: Metadata): boolean {
  const [token] = metadata.get(INTRODUCTION_HEADER);
  return token !== undefined && introducedPeer(String(token)) !== undefined;
}
