import { isIPv4, isIPv6 } from 'node:net';

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
