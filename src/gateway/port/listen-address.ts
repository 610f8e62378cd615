import { lookup } from 'node:dns/promises';
import type { ListenOptions } from 'node:net';

/** Parsed listen address. */
export type ListenAddress =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'host'; readonly host: string; readonly port: number };

const SOCKET_FILE = /^unix:(?:\/\/(?=\/))?(.+)$/;
const HOST_AND_PORT = /^(?:\[([\da-fA-F:.%]+)\]|([^\s:/[\]]+)):(\d{1,5})$/;
const HIGHEST_PORT = 65_535;

/**
 * Parses `host:port`, `[::1]:port` or `unix:path`, as grpc-js does.
 *
 * @throws TypeError if the address has none of these forms.
 */
export function parseListenAddress(address: string): ListenAddress {
  const [, path] = SOCKET_FILE.exec(address) ?? [];
  if (path !== undefined) return { kind: 'path', path };
  const [, bracketed, host = bracketed, digits] = HOST_AND_PORT.exec(address) ?? [];
  const port = Number(digits);
  if (host === undefined || port > HIGHEST_PORT) {
    const advice = 'write it as host:port, such as 127.0.0.1:0 for any free port, or as unix:path';
    throw new TypeError(`address ${JSON.stringify(address)} is malformed: ${advice}`);
  }
  return { kind: 'host', host, port };
}

/** Replaces port 0 with the actual port. Returns an address without a port unchanged. */
export function withPort(address: string, port: number): string {
  return address.startsWith('unix:') ? address : address.replace(/\d+$/, String(port));
}

/**
 * Resolves an address to all listen options. A name such as `localhost` stands for several addresses, and clients
 * try all of them.
 */
export async function placesOf(address: ListenAddress): Promise<readonly ListenOptions[]> {
  switch (address.kind) {
    case 'path':
      return [{ path: address.path }];
    case 'host': {
      const { host, port } = address;
      const found = await lookup(host, { all: true });
      return found.map((place) => ({ host: place.address, port }));
    }
  }
}
