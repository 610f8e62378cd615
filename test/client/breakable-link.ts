import { connect, createServer, type Socket } from 'node:net';

/** Network path to a server that can be cut silently, as networks fail. */
export interface BreakableLink extends AsyncDisposable {
  readonly address: string;
  /** Number of connections. */
  readonly connections: number;
  /** Silently drops everything on existing connections, which stay open. New ones work. */
  freeze(): void;
  /** Cuts all existing connections. New ones work. */
  break(): void;
}

export async function startBreakableLink(serverAddress: string): Promise<BreakableLink> {
  const [host, port] = serverAddress.split(':');
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  };
  let open = 0;
  const listener = createServer((near) => {
    const far = connect(Number(port), host);
    keep(near);
    keep(far);
    open++;
    near.on('close', () => {
      open--;
      far.end();
    });
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
    get connections() {
      return open;
    },
    freeze() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    break: cut,
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
    },
  };
}
