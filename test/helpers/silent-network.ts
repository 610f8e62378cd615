import { connect, createServer, type Socket } from 'node:net';

/** Proxy to a database. When it falls silent, existing connections stay open and lose all data. */
export async function startNetwork(url: string) {
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
