import { randomUUID } from 'node:crypto';

/**
 * The header by which a gateway tells a server of its own process who is at the other end. What it holds means something
 * in this process alone, and only while the call lasts: whoever else sends it is told nothing by it, and believed nothing.
 */
export const INTRODUCTION_HEADER = 'x-longrunning-introduction';

const peers = new Map<string, string>();

/** Says who makes a call that is passed on, until it is over. */
export interface Introduction {
  /** For {@link INTRODUCTION_HEADER}. */
  readonly token: string;
  /** To be called when the call is over. */
  end(): void;
}

/** @param peer - its address and port, as `getPeer` of grpc-js has them. */
export function introduce(peer: string): Introduction {
  const token = randomUUID();
  peers.set(token, peer);
  return { token, end: () => peers.delete(token) };
}

/** Whom a call was passed on for; undefined when nobody of this process says so. */
export function introducedPeer(token: string): string | undefined {
  return peers.get(token);
}
