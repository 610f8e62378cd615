import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { callHeaders, Flag, Frame, frameOf, header } from './http2-frames.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const GET = '/google.longrunning.Operations/GetOperation';
const LIST = '/google.longrunning.Operations/ListOperations';
const WATCH = '/grpc.health.v1.Health/Watch';
const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const MIB = 2 ** 20;
const FRAME_BYTES = 16_384;
const NO_WINDOW = frameOf(Frame.SETTINGS, Flag.NONE, 0, Buffer.from([0, 4, 0, 0, 0, 0]));
const EMPTY_MESSAGE = Buffer.alloc(5);
const REST_POST = 'POST /v1/operations/a:cancel HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

/** Scale of an attack: 1 for the original size, less in quick tests. */
export interface AttackOptions {
  readonly port: number;
  readonly scale: number;
  /** Ends the attack. */
  readonly signal: AbortSignal;
}

export type Attack = (options: AttackOptions) => Promise<void>;

/** Attacks of clients without credentials that try to make a server hold memory. */
export const MEMORY_ATTACKS: Readonly<Record<string, Attack>> = {
  'gRPC messages without their last byte': async (options) => {
    await onConnections(8, options, (socket) => http2(socket, 125, options, withheld));
  },
  'one connection of gRPC messages without their last byte': async (options) => {
    await onConnections(1, options, (socket) => http2(socket, 500, options, withheld));
  },
  'gRPC messages in frames of one byte': (options) =>
    onConnections(4, options, (socket) =>
      http2(socket, 50, options, async (stream, send) => {
        await send(prefixOf(stream, 4 * MIB));
        const byte = frameOf(Frame.DATA, Flag.NONE, stream, Buffer.from([1]));
        for (let sent = 0; sent < 10; sent++)
          await send(Buffer.concat(Array.from({ length: 1000 }, () => byte)));
      }),
    ),
  'calls of which only headers come': (options) =>
    onConnections(20, options, (socket) => http2(socket, 1000, options, async () => {})),
  'calls of which only large headers come': (options) =>
    onConnections(10, options, (socket) =>
      http2(
        socket,
        500,
        options,
        async () => {},
        Buffer.concat(Array.from({ length: 100 }, () => header('x', 'y'.repeat(120)))),
      ),
    ),
  'calls without credentials, one after the other': (options) =>
    onConnections(20, options, (socket) => http2(socket, 100_000, options, half(GET))),
  'calls on many connections': (options) =>
    onConnections(400, options, (socket) => http2(socket, 100, options, half(GET))),
  'health watches on many connections': (options) =>
    onConnections(400, options, (socket) => http2(socket, 100, options, half(WATCH), undefined, WATCH)),
  'health watches': (options) =>
    onConnections(20, options, (socket) => http2(socket, 1000, options, half(WATCH), undefined, WATCH)),
  'reflection of which nothing is taken': (options) =>
    onConnections(10, options, async (socket) => {
      socket.write(NO_WINDOW);
      // file_containing_symbol: "google.longrunning.Operations"
      const symbol = Buffer.from('google.longrunning.Operations');
      const message = Buffer.concat([
        Buffer.from([0, 0, 0, 0, symbol.length + 2, 34, symbol.length]),
        symbol,
      ]);
      await http2(
        socket,
        500,
        options,
        (stream, send) => send(frameOf(Frame.DATA, Flag.NONE, stream, message)),
        undefined,
        REFLECTION,
      );
    }),
  'lists of which nothing is taken': (options) =>
    onConnections(2, options, async (socket) => {
      socket.write(NO_WINDOW);
      await http2(socket, 1000, options, half(LIST), undefined, LIST);
    }),
  'REST bodies without their last byte': (options) =>
    onConnections(500, options, async (socket) => {
      socket.write(`${REST_POST}content-length: ${4 * MIB}\r\n\r\n`);
      await sendAll(socket, Buffer.alloc(4 * MIB - 1, ' '), options);
    }),
  'REST bodies in chunks of one byte': (options) =>
    onConnections(100, options, async (socket) => {
      socket.write(`${REST_POST}transfer-encoding: chunked\r\n\r\n`);
      await sendAll(socket, Buffer.from('1\r\n \r\n'.repeat(100_000)), options);
    }),
  'pipelined REST requests of which no answer is taken': (options) =>
    onConnections(100, options, async (socket) => {
      socket.pause();
      await sendAll(
        socket,
        Buffer.from('GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(5000)),
        options,
      );
    }),
  'connections that say nothing': (options) => onConnections(2000, options, async () => {}),
  'HTTP/2 connections without a call': (options) =>
    onConnections(2000, options, async (socket) => {
      socket.write(Buffer.concat([PREFACE, frameOf(Frame.SETTINGS, 0, 0)]));
    }),
};

type Send = (bytes: Buffer) => Promise<void>;

const withheld = async (stream: number, send: Send) => {
  await send(prefixOf(stream, 4 * MIB));
  const part = frameOf(Frame.DATA, Flag.NONE, stream, Buffer.alloc(FRAME_BYTES));
  for (let sent = 0; sent < 4 * MIB - FRAME_BYTES; sent += FRAME_BYTES) await send(part);
};

function half(path: string) {
  return (stream: number, send: Send) =>
    send(frameOf(Frame.DATA, path === '' ? 0 : Flag.END_STREAM, stream, EMPTY_MESSAGE));
}

function prefixOf(stream: number, length: number): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  return frameOf(Frame.DATA, Flag.NONE, stream, prefix);
}

/** Opens streams on a connection and lets each send data. */
async function http2(
  socket: Socket,
  streams: number,
  { scale, signal }: AttackOptions,
  act: (stream: number, send: Send) => Promise<void>,
  moreHeaders: Buffer = Buffer.alloc(0),
  path: string = GET,
): Promise<void> {
  socket.resume();
  socket.write(Buffer.concat([PREFACE, frameOf(Frame.SETTINGS, 0, 0)]));
  const send: Send = async (bytes) => {
    if (signal.aborted || socket.destroyed) return;
    if (!socket.write(bytes)) await drained(socket);
  };
  const count = Math.ceil(streams * scale);
  for (let index = 0; index < count && !signal.aborted && !socket.destroyed; index++) {
    const stream = 2 * index + 1;
    await send(
      frameOf(Frame.HEADERS, Flag.END_HEADERS, stream, Buffer.concat([callHeaders(path), moreHeaders])),
    );
    await act(stream, send);
  }
}

/** Resolves when more can be sent, or after a pause: some attacks continue although the server does not read. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      socket.off('drain', done).off('close', done);
      resolve();
    };
    const timer = setTimeout(done, 200);
    socket.on('drain', done).on('close', done);
  });
}

async function sendAll(socket: Socket, bytes: Buffer, { signal }: AttackOptions): Promise<void> {
  for (let at = 0; at < bytes.length && !signal.aborted && !socket.destroyed; at += 65_536) {
    if (!socket.write(bytes.subarray(at, at + 65_536))) await drained(socket);
  }
}

/** Concurrent connections that stay open until the attack ends. */
async function onConnections(
  count: number,
  options: AttackOptions,
  act: (socket: Socket) => Promise<void>,
): Promise<void> {
  const { port, scale, signal } = options;
  const sockets: Socket[] = [];
  const acting: Promise<void>[] = [];
  for (let index = 0; index < Math.ceil(count * scale) && !signal.aborted; index++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    if (index % 50 === 49) await Promise.race([once(socket, 'connect').catch(() => {}), delay(1000)]);
    acting.push(act(socket).catch(() => {}));
  }
  if (!signal.aborted) await once(signal, 'abort');
  for (const socket of sockets) socket.destroy();
  await Promise.all(acting);
}
