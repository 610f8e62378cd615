import { once } from 'node:events';
import type { AddressInfo, ListenOptions, Server } from 'node:net';

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
