import { isIPv4, isIPv6 } from 'node:net';
import type { Metadata } from '@grpc/grpc-js';
import { FORWARDED_PEER_HEADER, forwardedPeer } from '../../core/forwarded-peer.js';

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
      (entry): entry is [string, string] =>
        typeof entry[1] === 'string' && entry[0] !== FORWARDED_PEER_HEADER,
    ),
  );
}

/** Who is at the other end: of the gateway, when the call came through one of this process. */
export function peerOf(call: IncomingCall): string {
  const [token] = call.metadata.get(FORWARDED_PEER_HEADER);
  const introduced = token === undefined ? undefined : forwardedPeer(String(token));
  return introduced ?? call.getPeer();
}

/** Who makes a call, as far as is known. */
export interface Caller {
  /**
   * Who it is, once that has been shown: the same at every call, and no other caller's; such as
   * `principal://accounts.example.com/subject/1234`. Undefined: anybody.
   */
  readonly principal?: string | undefined;
  /** The names that policies have for it: `user:ada@example.com`, `serviceAccount:…`. @defaultValue the principal alone */
  readonly members?: readonly string[] | undefined;
  /** What its credentials are good for (OAuth 2.0). @defaultValue none */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * Identifies a caller for limits: its principal, or else the network that it calls from. Callers behind one proxy or on
 * one socket file share a key, and so do all addresses of an IPv6 /64, which is what one customer of a provider gets.
 */
export function callerKey({ principal }: Caller, peer: string): string {
  return principal ?? `peer:${networkOf(peer.replace(/:\d+$/, ''))}`;
}

/** An IPv4 address as it is, an IPv6 address by its first 64 bits, anything else unchanged. */
function networkOf(host: string): string {
  const address = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (!isIPv6(address)) return host;
  const mapped = /^::ffff:(?<ipv4>[\d.]+)$/i.exec(address)?.groups?.ipv4;
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  return `${ipv6Groups(address).slice(0, 4).join(':')}::/64`;
}

/** The eight groups of an IPv6 address, without leading zeros. */
function ipv6Groups(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const groups = (text = '') => text.split(':').filter((group) => group !== '');
  const [first, last] = [groups(head), groups(tail)];
  // A dotted quad at the end stands for two groups.
  const given = first.length + last.length + (address.includes('.') ? 1 : 0);
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - given }, () => '0');
  return [...first, ...zeros, ...last].map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
}

/** A call that asks to be let in, and who makes it as far as the steps before have found out. */
export interface AccessRequest extends CallFacts {
  readonly caller: Caller;
}

/** How a call is let in. */
export interface Access {
  /** Who makes it. @defaultValue as the steps before had it */
  readonly caller?: Caller | undefined;
  /** Whether a list shows the caller an operation, by its name. @defaultValue each one */
  readonly shows?: ((operation: string) => boolean) | undefined;
}

/**
 * A step of authorization: lets a call in, or throws to refuse it, `StatusError` UNAUTHENTICATED or PERMISSION_DENIED as a
 * rule. It is asked before anything is read, so whatever it throws tells nothing of what exists. Anything but a
 * `StatusError` refuses the call too, as "internal error".
 */
export interface Authorize {
  (request: AccessRequest): Access | undefined | Promise<Access | undefined>;
  /** The permission that a call needs, such as `reports.operations.get`: told to whom it is refused. */
  readonly permissionFor?: ((call: Pick<CallFacts, 'method'>) => string) | undefined;
  /**
   * Refuses a call before its message is read. `decides`: the step looks at headers and peer alone, so it is asked then and
   * not again. A function is asked besides the step, with what the steps before found out of the caller; it throws to refuse.
   *
   * @defaultValue the step, and those after it, are asked once the message has been read
   */
  readonly beforeMessage?: 'decides' | ((request: Omit<AccessRequest, 'name'>) => void) | undefined;
}

/** One step, or several: each is asked, in this order, until one refuses. */
export type Authorization = Authorize | readonly Authorize[];
