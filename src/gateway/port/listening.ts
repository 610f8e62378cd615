import { once } from 'node:events';
import type { AddressInfo, ListenOptions, Server } from 'node:net';

/** Servers that listen at some places, which are one place to clients. */
export class Listening {
  readonly #servers: Server[] = [];

  /** 0 when they listen on socket files. */
  port = 0;

  /**
   * Listens at every place. Where the first takes any free port, the others take the same one. A place that cannot
   * be listened at is left out, as `::1` on a machine without IPv6, unless all are.
   */
  static async at(places: readonly ListenOptions[], create: () => Server): Promise<Listening> {
    const listening = new Listening();
    const failures: unknown[] = [];
    for (const place of places) {
      const server = create();
      try {
        server.listen(place.port === 0 ? { ...place, port: listening.port } : place);
        await once(server, 'listening');
        listening.#servers.push(server);
        listening.port = (server.address() as AddressInfo).port ?? 0;
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (listening.#servers.length === 0) throw failures[0];
    return listening;
  }

  /** Resolves when their connections are closed too. */
  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
  }
}
