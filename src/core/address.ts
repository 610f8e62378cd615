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

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
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
    return { target, loopback: LOOPBACK.test(target), tls: true };
  }
  const scheme = URL_SCHEME.exec(address)?.[1]?.toLowerCase();
  if (scheme !== undefined && !TARGET_SCHEMES.includes(scheme)) throw malformed(address);
  if (!/^\S+$/.test(address)) throw malformed(address);
  const loopback = SOCKET_FILE.test(address) || LOOPBACK.test(address);
  return { target: address, loopback, tls: !loopback };
}

function malformed(address: string): TypeError {
  return new TypeError(
    `address ${quoted(address)} is malformed: write "host:port", "https://host" or "unix:/path"`,
  );
}
