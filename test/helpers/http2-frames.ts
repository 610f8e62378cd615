import { connect, type Socket } from 'node:net';

/** Frame types (RFC 9113, section 6). */
export const Frame = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const Flag = { NONE: 0, END_STREAM: 1, END_HEADERS: 4 } as const;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Encodes a frame. */
export function frameOf(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/**
 * Encodes a literal header without indexing (RFC 7541, section 6.2.2). Name and value have at most 126 bytes
 * each.
 */
export function header(name: string, value: string): Buffer {
  const text = (part: string) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part, 'latin1')]);
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** Headers of a gRPC call. */
export function callHeaders(path: string): Buffer {
  const headers = { ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': 'x', te: 'trailers' };
  const all = Object.entries({ ...headers, 'content-type': 'application/grpc' });
  return Buffer.concat(all.map(([name, value]) => header(name, value)));
}

/** HTTP/2 connection on which a test can send any bytes. */
export class Attacker {
  readonly #socket: Socket;
  /** Number of bytes received. */
  received = 0;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1').on('error', () => {});
    this.#socket.on('data', (bytes: Buffer) => {
      this.received += bytes.length;
    });
    this.#socket.write(Buffer.concat([PREFACE, frameOf(Frame.SETTINGS, 0, 0)]));
  }

  get isOver(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  /** Sends what `make` creates, up to `count` times, until the server stops reading. Returns the number sent. */
  async flood(times: number, make: (index: number) => Buffer): Promise<number> {
    for (let sent = 0; sent < times; sent++) {
      if (this.isOver) return sent;
      if (!this.#socket.write(make(sent))) {
        await new Promise((resolve) => {
          for (const event of ['drain', 'close']) this.#socket.once(event, resolve);
        });
      }
      // Lets the server, which runs in the same process, take its turn.
      if (sent % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return times;
  }

  /** Resolves when the server has closed the connection. */
  async ended(): Promise<void> {
    if (!this.isOver) await new Promise((resolve) => this.#socket.once('close', resolve));
  }

  close(): void {
    this.#socket.destroy();
  }
}
