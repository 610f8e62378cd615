import { BlockList, isIP } from 'node:net';
import { quoted } from './status.js';

/** Parsed address of a server. */
export interface Address {
  /** Target for grpc-js. */
  readonly target: string;
  /** True for an address on this machine, where nobody can intercept traffic. */
  readonly loopback: boolean;
  /** Default for TLS: true for `https` and for every address that is not loopback. */
  readonly tls: boolean;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const HOST = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/;
const SOCKET_FILE = /^unix(?:-abstract)?:/;
const HTTPS = /^https:\/\/([^/?#@\s]+)\/?$/i;
const PORT = /:(\d+)$/;
const HIGHEST_PORT = 65_535;
const URL_SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const TARGET_SCHEMES = ['dns', 'unix'];
const HTTPS_PORT = 443;

/**
 * Parses `host:port`, `[::1]:port`, `https://host[:port]`, `unix:/path` or another target of grpc-js, such as
 * `dns:///host:port`. `localhost` is the only name that counts as loopback, because other names resolve
 * elsewhere.
 *
 * @throws TypeError if the address has none of these forms.
 */
export function parseAddress(address: string): Address {
  // May be undefined if it comes from an unset environment variable.
  if (typeof address !== 'string') throw malformed(String(address));
  if (!SOCKET_FILE.test(address) && Number(PORT.exec(address)?.[1] ?? 0) > HIGHEST_PORT)
    throw malformed(address);
  const host = HTTPS.exec(address)?.[1];
  if (host !== undefined) {
    const target = PORT.test(host) ? host : `${host}:${HTTPS_PORT}`;
    return { target, loopback: isLoopback(target), tls: true };
  }
  const scheme = URL_SCHEME.exec(address)?.[1]?.toLowerCase();
  if (scheme !== undefined && !TARGET_SCHEMES.includes(scheme)) throw malformed(address);
  if (!/^\S+$/.test(address)) throw malformed(address);
  const loopback = isLoopback(address);
  return { target: address, loopback, tls: !loopback };
}

/** Returns true for a target of grpc-js on this machine: a socket file, or a loopback host with or without port. */
export function isLoopback(target: string): boolean {
  if (SOCKET_FILE.test(target)) return true;
  const [, ipv6, host = ipv6] = HOST.exec(target) ?? [];
  return host !== undefined && isLoopbackHost(host);
}

/** Returns true for `localhost` and the IP addresses of this machine. */
export function isLoopbackHost(host: string): boolean {
  switch (isIP(host)) {
    case 4:
      return LOOPBACK.check(host, 'ipv4');
    case 6:
      return LOOPBACK.check(host, 'ipv6');
  }
  return host.toLowerCase() === 'localhost';
}

function malformed(address: string): TypeError {
  return new TypeError(
    `address ${quoted(address)} is malformed: write "host:port", "https://host" or "unix:/path"`,
  );
}
