import type { ListenOptions } from 'node:net';
import { BlockList } from 'node:net';
import { quoted } from '../../core/status.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Refuses to speak plain text where others can listen in, unless it is asked for.
 *
 * @throws TypeError when one of the places can be reached from another machine.
 */
export function checkPlainText(address: string, places: readonly ListenOptions[]): void {
  if (places.every(isLoopback)) return;
  throw new TypeError(
    `address ${quoted(address)} can be reached from other machines, and TLS is off: give a certificate, listen on 127.0.0.1, or ask for plain text (\`insecure: true\`, --insecure) where something else keeps others out`,
  );
}

/** A socket file, or an address that leads back to this machine. */
function isLoopback({ path, host }: ListenOptions): boolean {
  if (path !== undefined) return true;
  return host !== undefined && LOOPBACK.check(host, host.includes(':') ? 'ipv6' : 'ipv4');
}
