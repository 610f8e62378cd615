import { connect, type Socket } from 'node:net';

/** Types of frames (RFC 9113, section 6). */
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

/** A frame as it goes over the wire. */
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

/** A header, literal and not indexed (RFC 7541, section 6.2.2); of at most 126 bytes each. */
export function header(name: string, value: string): Buffer {
  const text = (part: string) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part, 'latin1')]);
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** The headers of a gRPC call. */
export function callHeaders(path: string): Buffer {
  const headers = { ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': 'x', te: 'trailers' };
  const all = Object.entries({ ...headers, 'content-type': 'application/grpc' });
  return Buffer.concat(all.map(([name, value]) => header(name, value)));
}

/** A connection of HTTP/2 by which a test sends whatever it wants. */
export class Attacker {
  readonly #socket: Socket;
  /** How many bytes have come back. */
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

  /** Sends what `make` makes, so many times, until the server has had enough; how many it took. */
  async flood(times: number, make: (index: number) => Buffer): Promise<number> {
    for (let sent = 0; sent < times; sent++) {
      if (this.isOver) return sent;
      if (!this.#socket.write(make(sent))) {
        await new Promise((resolve) => {
          for (const event of ['drain', 'close']) this.#socket.once(event, resolve);
        });
      }
      // Lets the server, which runs in this process too, have its turn.
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
