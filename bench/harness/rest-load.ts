import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { answerParent } from './parent-link.ts';

/** Some requests to one server. */
export interface RestRound {
  readonly address: string;
  readonly calls: number;
  /** How many requests are open at any time, each on a connection of its own. */
  readonly inFlight: number;
}

/** A process that makes GetOperation requests over REST, and spends as little as can be on it. */
export type RestLoadRequests = {
  /** Says which operations to ask for. */
  use(names: readonly string[]): void;
  /** Asks for operations at random; tells how many milliseconds it took. Rejects when one answer is no success. */
  run(round: RestRound): Promise<number>;
  /** The body of one answer. */
  get(address: string): Promise<string>;
};

const HEAD_END = '\r\n\r\n';

let names: readonly string[] = [];
const opened = new Map<string, readonly Socket[]>();

answerParent({
  use(given) {
    names = given;
  },
  async run({ address, calls, inFlight }) {
    // A server closes connections that are idle for long, while others have their turn.
    const connections = (opened.get(address) ?? []).filter(({ readyState }) => readyState === 'open');
    connections.push(...(await open(address, inFlight - connections.length)));
    opened.set(address, connections);
    const began = performance.now();
    let left = calls;
    const askInTurn = async (connection: Socket) => {
      while (left-- > 0) await ask(connection);
    };
    await Promise.all(connections.map(askInTurn));
    return performance.now() - began;
  },
  async get(address) {
    const [connection] = await open(address, 1);
    if (!connection) throw new Error('no connection');
    const body = await ask(connection);
    connection.destroy();
    return body;
  },
} satisfies RestLoadRequests);

function open(address: string, count: number): Promise<Socket[]> {
  const [host, port] = address.split(':');
  const dial = async () => {
    const socket = connect({ host: host ?? '', port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return socket;
  };
  return Promise.all(Array.from({ length: count }, dial));
}

/** Resolves with the body. */
function ask(connection: Socket): Promise<string> {
  const name = names[Math.floor(Math.random() * names.length)];
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const headEnd = text.indexOf(HEAD_END);
      if (headEnd === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      const body = text.slice(headEnd + HEAD_END.length);
      if (body.length < length) return;
      connection.off('data', onData);
      if (text.startsWith('HTTP/1.1 200 ')) resolve(body);
      else reject(new Error(`request was answered ${text}`));
    };
    connection.on('data', onData);
    connection.write(`GET /v1/${name} HTTP/1.1${'\r\n'}host: localhost${HEAD_END}`);
  });
}
