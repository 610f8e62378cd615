import { randomUUID } from 'node:crypto';

/**
 * The header by which a gateway tells a server of its own process who is at the other end. What it holds means something
 * in this process alone, and only while the call lasts: whoever else sends it is told nothing by it, and believed nothing.
 */
export const FORWARDED_PEER_HEADER = 'x-longrunning-forwarded-peer';

const peers = new Map<string, string>();

/** Says who makes a call that is passed on, until it is over. */
export interface ForwardedPeer {
  /** For {@link FORWARDED_PEER_HEADER}. */
  readonly token: string;
  /** To be called when the call is over. */
  end(): void;
}

/** @param peer - its address and port, as `getPeer` of grpc-js has them. */
export function forwardPeer(peer: string): ForwardedPeer {
  const token = randomUUID();
  peers.set(token, peer);
  return { token, end: () => peers.delete(token) };
}

/** Whom a call was passed on for; undefined when nobody of this process says so. */
export function forwardedPeer(token: string): string | undefined {
  return peers.get(token);
}
