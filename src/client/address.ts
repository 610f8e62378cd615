import { quoted } from '../status.js';

/** Where a server is. */
export interface Address {
  /** As grpc-js takes it. */
  readonly target: string;
  /** Whether it is on this machine, so that nobody can listen in between. */
  readonly loopback: boolean;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
const SOCKET_FILE = /^unix(?:-abstract)?:/;
const URL_SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const TARGET_SCHEMES = ['dns', 'unix'];

/**
 * Reads `host:port`, `[::1]:port`, `unix:/path` or another target of grpc-js, such as `dns:///host:port`.
 * Names other than `localhost` never count as loopback: what they resolve to is for somebody else to say.
 *
 * @throws TypeError when it is none of these.
 */
export function parseAddress(address: string): Address {
  const scheme = URL_SCHEME.exec(address)?.[1]?.toLowerCase();
  if (scheme !== undefined && !TARGET_SCHEMES.includes(scheme)) throw malformed(address);
  if (!/^\S+$/.test(address)) throw malformed(address);
  return { target: address, loopback: SOCKET_FILE.test(address) || LOOPBACK.test(address) };
}

function malformed(address: string): TypeError {
  return new TypeError(`address ${quoted(address)} is malformed: write "host:port" or "unix:/path"`);
}
