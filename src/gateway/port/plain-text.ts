import type { ListenOptions } from 'node:net';
import { BlockList } from 'node:net';
import { quoted } from '../../core/status.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Rejects plain text on an address that other machines can reach, unless the caller asked for it.
 *
 * @throws TypeError if other machines can reach one of the addresses.
 */
export function checkPlainText(address: string, places: readonly ListenOptions[]): void {
  if (places.every(isLoopback)) return;
  throw new TypeError(
    `address ${quoted(address)} can be reached from other machines, and TLS is off: give a certificate, listen on 127.0.0.1, or ask for plain text (\`insecure: true\`, --insecure) where something else keeps others out`,
  );
}

/** Returns true for a socket file or a loopback address. */
function isLoopback({ path, host }: ListenOptions): boolean {
  if (path !== undefined) return true;
  return host !== undefined && LOOPBACK.check(host, host.includes(':') ? 'ipv6' : 'ipv4');
}
