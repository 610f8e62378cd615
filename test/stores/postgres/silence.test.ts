import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/clock.js';
import { Code } from '../../../src/status.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { startReportsServer } from '../../../src/testing/conformance/reports-server.js';
import { createDatabase } from '../../helpers/postgres-database.js';

/** A way to a database on which, from some moment on, everything gets lost without a word. */
async function startNetwork(url: string) {
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const database = connect(Number(new URL(url).port), '127.0.0.1');
    sockets.push(client, database);
    for (const socket of [client, database]) socket.on('error', () => {});
    client.pipe(database);
    database.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  return {
    url: Object.assign(new URL(url), { port: String(port) }).href,
    fallSilent() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a network that drops everything without a word', () => {
  it('calls are UNAVAILABLE after a while, and a server with work in hand closes', async () => {
    await using database = await createDatabase();
    await using network = await startNetwork(database.url);
    const store = postgresStore({ connectionString: network.url, queryTimeoutMs: 300, poolSize: 4 });
    const server = await startReportsServer({ clock: systemClock, store });
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    network.fallSilent();
    await expect(store.get(name)).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    await server.kit.close({ graceMs: 0 });
    expect(run.context.signal.aborted).toBe(true);
    await server[Symbol.asyncDispose]();
  });
});
