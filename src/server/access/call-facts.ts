import type { Metadata } from '@grpc/grpc-js';
import { INTRODUCTION_HEADER, introducedPeer } from '../../introduction.js';

/** A call, before anything is read for it. */
export interface CallFacts {
  /** Path of the method: `/google.longrunning.Operations/GetOperation`. */
  readonly method: string;
  /**
   * The resource that it is about, as the request has it, not checked: the name of the operation; for a list, and for a
   * call that starts an operation, the parent.
   */
  readonly name: string;
  /** Its metadata; over REST, the headers that became such. Names are lower-case; binary ones are left out. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Address and port of who is at the other end of the connection, `192.0.2.7:50312`, also behind a gateway of the same
   * process; `unknown` for a socket file.
   */
  readonly peer: string;
}

/** As much of a call of grpc-js as tells where it comes from. */
export interface IncomingCall {
  readonly metadata: Metadata;
  getPeer(): string;
}

/** The facts of a call over gRPC. Nothing is looked up until it is asked for. */
export class GrpcCallFacts implements CallFacts {
  readonly method: string;
  readonly name: string;
  readonly #call: IncomingCall;
  #headers: Readonly<Record<string, string>> | undefined;

  constructor(method: string, name: string, call: IncomingCall) {
    this.method = method;
    this.name = name;
    this.#call = call;
  }

  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= textHeaders(this.#call.metadata);
    return this.#headers;
  }

  get peer(): string {
    return peerOf(this.#call);
  }

  /** Metadata of the call, the same object from its headers to its end. */
  get metadata(): Metadata {
    return this.#call.metadata;
  }
}

/** The metadata of a call that is text. */
export function textHeaders(metadata: Metadata): Readonly<Record<string, string>> {
  const entries = Object.entries(metadata.getMap());
  return Object.fromEntries(
    entries.filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[0] !== INTRODUCTION_HEADER,
    ),
  );
}

/** Who is at the other end: of the gateway, when the call came through one of this process. */
export function peerOf(call: IncomingCall): string {
  const [token] = call.metadata.get(INTRODUCTION_HEADER);
  const introduced = token === undefined ? undefined : introducedPeer(String(token));
  return introduced ?? call.getPeer();
}
