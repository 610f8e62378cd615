import { randomUUID } from 'node:crypto';

/**
 * Header in which a gateway tells a server in the same process the address of the original peer.
 *
 * Its value is a token that is valid only in this process and only during the call. Values from other senders
 * are ignored.
 */
export const FORWARDED_PEER_HEADER = 'x-longrunning-forwarded-peer';

const peers = new Map<string, string>();

/** Associates a forwarded call with its original peer until the call ends. */
export interface ForwardedPeer {
  /** Value of {@link FORWARDED_PEER_HEADER}. */
  readonly token: string;
  /** Ends the association. Call it when the call ends. */
  end(): void;
}

/**
 * Registers the peer of a forwarded call.
 *
 * @param peer - address and port in the format of grpc-js `getPeer`.
 */
export function forwardPeer(peer: string): ForwardedPeer {
  const token = randomUUID();
  peers.set(token, peer);
  return { token, end: () => peers.delete(token) };
}

/** Returns the original peer of a forwarded call, or undefined if the token is not from this process. */
export function forwardedPeer(token: string): string | undefined {
  return peers.get(token);
}
