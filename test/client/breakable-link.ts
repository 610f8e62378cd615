import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut, as a network does: without a word to either end. */
export interface BreakableLink extends AsyncDisposable {
  readonly address: string;
  /** Cuts every connection there is. New ones work. */
  break(): void;
}

export async function startBreakableLink(serverAddress: string): Promise<BreakableLink> {
  const [host, port] = serverAddress.split(':');
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  };
  const listener = createServer((near) => {
    const far = connect(Number(port), host);
    keep(near);
    keep(far);
    near.pipe(far).pipe(near);
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve);
  });
  const address = listener.address();
  return {
    address: typeof address === 'object' ? `127.0.0.1:${address?.port}` : '',
    break: cut,
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
    },
  };
}
