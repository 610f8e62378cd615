import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { AddressInfo, ListenOptions, Server } from 'node:net';
import { isLoopbackHost } from '../../core/address.js';
import { quoted } from '../../core/status.js';

/** Called if an address cannot be listened on, or a connection cannot be accepted there. */
export type OnListenFailure = (error: unknown, place: ListenOptions) => void;

/** Listeners on several addresses that share one port. */
export class Listening {
  readonly #servers: Server[] = [];

  /** Shared port, or 0 for socket files. */
  port = 0;

  /**
   * Listens on every address. If the first takes any free port, the others take the same port. An address that
   * cannot be used, such as `::1` on a machine without IPv6, is reported and skipped.
   *
   * @throws the first failure if no address can be used.
   */
  static async at(
    places: readonly ListenOptions[],
    create: () => Server,
    onFailure: OnListenFailure,
  ): Promise<Listening> {
    const listening = new Listening();
    const failures: { readonly error: unknown; readonly place: ListenOptions }[] = [];
    for (const place of places) {
      try {
        const server = create();
        server.listen(place.port === 0 ? { ...place, port: listening.port } : place);
        await once(server, 'listening');
        listening.#servers.push(server);
        listening.port = (server.address() as AddressInfo).port ?? 0;
        // Accepting may fail later, for lack of file descriptors. Without a listener the error would end the
        // process.
        server.on('error', (error) => onFailure(error, place));
      } catch (error) {
        failures.push({ error, place });
      }
    }
    const [first] = failures;
    if (first && listening.#servers.length === 0) throw first.error;
    for (const { error, place } of failures) onFailure(error, place);
    return listening;
  }

  /** Resolves when their connections are closed too. */
  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
  }
}

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

/**
 * Rejects plain text on an address that other machines can reach, unless the caller asked for it.
 *
 * @throws TypeError if other machines can reach one of the addresses.
 */
export function checkPlainText(address: string, places: readonly ListenOptions[]): void {
  if (places.every(isLocal)) return;
  throw new TypeError(
    `address ${quoted(address)} can be reached from other machines, and TLS is off: give a certificate, listen on 127.0.0.1, or ask for plain text (\`insecure: true\`, --insecure) where something else keeps others out`,
  );
}

/** Returns true for a socket file or a loopback address. */
function isLocal({ path, host }: ListenOptions): boolean {
  return path !== undefined || (host !== undefined && isLoopbackHost(host));
}
