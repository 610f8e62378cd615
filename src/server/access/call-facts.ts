import { isIPv4, isIPv6 } from 'node:net';
import type { Metadata } from '@grpc/grpc-js';
import { FORWARDED_PEER_HEADER, forwardedPeer } from '../../core/forwarded-peer.js';

/** A call to authorize, with its caller as identified by the previous steps. */
export interface AuthorizeRequest {
  /** Path of the method: `/google.longrunning.Operations/GetOperation`. */
  readonly method: string;
  /**
   * Resource that the request refers to, unchecked: the name of the operation, or the parent for a list and for a call that
   * starts an operation.
   */
  readonly name: string;
  /** Metadata of the call; over REST, the forwarded headers. Names are lower-case. Binary metadata is omitted. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Address and port of the peer, such as `192.0.2.7:50312`; behind a gateway of the same process, those of its client.
   * `unknown` for a Unix socket.
   */
  readonly peer: string;
  readonly caller: Caller;
}

/** Facts about a call that are known before it is processed. */
export type CallFacts = Omit<AuthorizeRequest, 'caller'>;

/** The part of a grpc-js call that identifies its origin. */
export interface IncomingCall {
  readonly metadata: Metadata;
  getPeer(): string;
}

/** Facts of a gRPC call, evaluated lazily. */
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

  /** Metadata of the call; the same object during the whole call. */
  get metadata(): Metadata {
    return this.#call.metadata;
  }
}

/** Returns the text metadata of a call. */
export function textHeaders(metadata: Metadata): Readonly<Record<string, string>> {
  const entries = Object.entries(metadata.getMap());
  return Object.fromEntries(
    entries.filter(
      (entry): entry is [string, string] =>
        typeof entry[1] === 'string' && entry[0] !== FORWARDED_PEER_HEADER,
    ),
  );
}

/** Returns the peer of a call; if a gateway of this process forwarded it, the peer of the gateway. */
export function peerOf(call: IncomingCall): string {
  const [token] = call.metadata.get(FORWARDED_PEER_HEADER);
  const forwarded = token === undefined ? undefined : forwardedPeer(String(token));
  return forwarded ?? call.getPeer();
}

/** Caller of a method, as far as it has been identified. */
export interface Caller {
  /**
   * Authenticated identity, unique and the same for every call, such as `principal://accounts.example.com/subject/1234`.
   * Undefined for anonymous callers.
   */
  readonly principal?: string | undefined;
  /** Names of the caller in policies: `user:ada@example.com`, `serviceAccount:…`. @defaultValue the principal alone */
  readonly members?: readonly string[] | undefined;
  /** Scopes of its credentials (OAuth 2.0). @defaultValue none */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * Returns the key of a caller for limits: its principal, or else the network that it calls from. Callers behind one proxy or
 * on one Unix socket share a key. So do all addresses of an IPv6 /64, which providers assign to one customer.
 */
export function callerKey({ principal }: Caller, peer: string): string {
  return principal ?? `peer:${networkOf(peer.replace(/:\d+$/, ''))}`;
}

/** Returns the first 64 bits of an IPv6 address; IPv4 addresses and other text unchanged. */
function networkOf(host: string): string {
  const address = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (!isIPv6(address)) return host;
  const mapped = /^::ffff:(?<ipv4>[\d.]+)$/i.exec(address)?.groups?.ipv4;
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  return `${ipv6Groups(address).slice(0, 4).join(':')}::/64`;
}

/** Splits an IPv6 address into its eight groups, without leading zeros. */
function ipv6Groups(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const groups = (text = '') => text.split(':').filter((group) => group !== '');
  const [first, last] = [groups(head), groups(tail)];
  // A dotted quad at the end stands for two groups.
  const given = first.length + last.length + (address.includes('.') ? 1 : 0);
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - given }, () => '0');
  return [...first, ...zeros, ...last].map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
}

/** Result of a step that allows a call. */
export interface AuthorizeResult {
  /** Caller of the call. @defaultValue the caller that the previous steps identified */
  readonly caller?: Caller | undefined;
  /** Returns true for the names of operations that lists show to the caller. @defaultValue all operations */
  readonly shows?: ((operation: string) => boolean) | undefined;
}

/**
 * Step of authorization. It allows a call, or throws to refuse it, usually a `StatusError` with UNAUTHENTICATED or
 * PERMISSION_DENIED. It runs before anything is read, so its errors reveal nothing about what exists. Any other error
 * refuses the call as "internal error".
 */
export interface AuthorizeStep {
  (request: AuthorizeRequest): AuthorizeResult | undefined | Promise<AuthorizeResult | undefined>;
  /** Returns the permission that a call needs, such as `reports.operations.get`, for the error of refused calls. */
  readonly permissionFor?: ((call: Pick<AuthorizeRequest, 'method'>) => string) | undefined;
  /**
   * Refuses calls before their message is read. `decides` means that the step needs only headers and peer, so it runs then and
   * not again. A function runs in addition to the step, with the caller that the previous steps identified; it throws to
   * refuse the call.
   *
   * @defaultValue the step and those after it run once the message has been read
   */
  readonly beforeMessage?: 'decides' | ((request: Omit<AuthorizeRequest, 'name'>) => void) | undefined;
  /**
   * Loads what the step needs. `operations.ready()` rejects with its error.
   *
   * @defaultValue there is nothing to load
   */
  readonly ready?: (() => Promise<void>) | undefined;
}
