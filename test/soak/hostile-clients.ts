import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Attacker, callHeaders, Flag, Frame, frameOf, header } from '../helpers/http2-frames.ts';
import { MEMORY_ATTACKS } from '../helpers/memory-attacks.ts';
import { frame, rawGrpc } from '../helpers/raw-grpc.ts';

const WAIT = '/google.longrunning.Operations/WaitOperation';
const GET = '/google.longrunning.Operations/GetOperation';
const MIB = 2 ** 20;
const CANCEL = Buffer.from([0, 0, 0, 8]);
const CHUNKED = 'POST /v1/operations/a:cancel HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n';
const BOMB = frame(gzipSync(Buffer.alloc(64 * MIB)));
BOMB[0] = 1;

/** Share of the connections and calls of a full attack. Honest clients need the CPU too. */
const MEMORY_SCALE = 0.02;

type Hostile = (port: number) => Promise<void>;

/** Things that nobody should do to a server, each of them for a second or two. */
export const HOSTILE_CLIENTS: readonly Hostile[] = [
  (port) =>
    flood(port, 2000, (index) =>
      Buffer.concat([
        frameOf(Frame.HEADERS, Flag.END_HEADERS, 2 * index + 1, callHeaders(WAIT)),
        frameOf(Frame.RST_STREAM, Flag.NONE, 2 * index + 1, CANCEL),
      ]),
    ),
  (port) =>
    flood(port, 100, (index) =>
      index === 0
        ? frameOf(Frame.HEADERS, Flag.NONE, 1, callHeaders(GET))
        : frameOf(Frame.CONTINUATION, Flag.NONE, 1, header('x', 'y'.repeat(100))),
    ),
  (port) => flood(port, 5000, () => frameOf(Frame.PING, Flag.NONE, 0, Buffer.alloc(8))),
  (port) =>
    flood(port, 200, (index) => frameOf(Frame.HEADERS, Flag.END_HEADERS, 2 * index + 1, callHeaders(GET))),
  (port) => grpc(port, GET, BOMB, { 'grpc-encoding': 'gzip' }),
  (port) => grpc(port, GET, frame(Buffer.alloc(5 * MIB))),
  (port) => grpc(port, '/no.such.Service/Method', frame(Buffer.from('nonsense'))),
  (port) => grpc(port, GET, Buffer.from('no frame at all')),
  (port) => slowly(port, 'GET /v1/projects/p HTTP/1.1\r\nhost: x\r\nx-slow: ', 50),
  (port) => slowly(port, 'PRI * HTTP/2.0\r\n', 50),
  (port) => send(port, Buffer.from([22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3])),
  (port) => send(port, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`),
  (port) =>
    send(
      port,
      `GET /v1/projects/p/locations/l/operations?filter=${'('.repeat(7000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
    ),
  (port) => send(port, `${CHUNKED}0x2\r\n{}\r\n0\r\n\r\n`),
  (port) => send(port, `${CHUNKED}2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`),
  (port) => send(port, `${CHUNKED}2\r\n{}\r\n0\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`),
  (port) => post(port, '{"title":', {}),
  (port) => post(port, '['.repeat(MIB), {}),
  (port) => post(port, 'x'.repeat(6 * MIB), {}),
  (port) => post(port, '{}', { 'content-type': 'text/xml' }),
  (port) => post(port, gzipSync(Buffer.alloc(64 * MIB)), { 'content-encoding': 'gzip' }),
];

const ATTACKS_ON_MEMORY = Object.values(MEMORY_ATTACKS);

/** Number of turns after which {@link attackMemory} has made each attack. */
export const MEMORY_TURNS = ATTACKS_ON_MEMORY.length;

/** Makes the attack on memory whose turn it is, for half a second. None of its connections is open afterwards. */
export async function attackMemory(port: number, turn: number): Promise<void> {
  const signal = AbortSignal.timeout(500);
  await ATTACKS_ON_MEMORY[turn % MEMORY_TURNS]?.({ port, scale: MEMORY_SCALE, signal });
}

async function flood(port: number, times: number, make: (index: number) => Buffer): Promise<void> {
  const attacker = new Attacker(port);
  await attacker.flood(times, make);
  attacker.close();
}

async function grpc(port: number, path: string, body: Buffer, headers = {}): Promise<void> {
  const raw = rawGrpc(`127.0.0.1:${port}`);
  const answered = raw.call(path, body, { 'grpc-timeout': '1S', ...headers });
  await Promise.race([answered, delay(2000)]);
  raw.session.destroy();
}

/** Connections on which a request is begun, and goes on by a byte now and then. */
async function slowly(port: number, begin: string, connections: number): Promise<void> {
  const sockets = Array.from({ length: connections }, () => dial(port, begin));
  for (let bytes = 0; bytes < 4; bytes++) {
    await delay(250);
    for (const socket of sockets) socket.write('a');
  }
  for (const socket of sockets) socket.destroy();
}

async function post(port: number, body: string | Buffer, headers: Record<string, string>): Promise<void> {
  const lines = Object.entries({ 'content-type': 'application/json', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const head = `POST /v1/projects/p/locations/l/reports:export HTTP/1.1\r\nhost: x\r\n${lines.join('')}`;
  await send(port, `${head}content-length: ${body.length}\r\n\r\n`, body);
}

/** Sends it, and reads what comes, for a second at most. */
async function send(port: number, ...pieces: readonly (string | Buffer)[]): Promise<void> {
  const socket = dial(port, '').resume();
  for (const piece of pieces) socket.write(piece);
  await Promise.race([once(socket, 'close').catch(() => {}), delay(1000)]);
  socket.destroy();
}

function dial(port: number, begin: string): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.write(begin);
  return socket;
}
