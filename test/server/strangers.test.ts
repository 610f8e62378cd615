import { constants } from 'node:http2';
import { Server, type ServerInterceptor, type ServerOptions } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { heldBytes } from '../../src/core/held-memory.js';
import { Code } from '../../src/core/status.js';
import { servePort } from '../../src/gateway/index.js';
import {
  addHealth,
  createOperations,
  grpcLimits,
  OperationsService,
  staticTokens,
} from '../../src/server/index.js';
import type { GrpcLimitOptions } from '../../src/server/limits/grpc-limits.js';
import { attackedServer } from '../helpers/attacked-server.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { Attacker, callHeaders, Flag, Frame, frameOf } from '../helpers/http2-frames.js';
import { frame, type RawGrpc } from '../helpers/raw-grpc.js';

const GET = '/google.longrunning.Operations/GetOperation';
const CHECK = '/grpc.health.v1.Health/Check';
const WATCH = '/grpc.health.v1.Health/Watch';
const ADA = { authorization: 'Bearer secret' };
const MIB = 2 ** 20;

describe('grpcLimits › unauthenticated connections', () => {
  const opened = closeAfterEach();

  async function serve(limits: GrpcLimitOptions = {}, more: ServerOptions = {}) {
    const operations = createOperations({
      methods: [],
      authorize: staticTokens([{ token: 'secret', principal: 'user:ada@example.com' }]),
    });
    const options = grpcLimits({ authenticate: operations.authenticate, ...limits });
    const interceptors = [...options.interceptors, ...(more.interceptors ?? [])];
    const server = new Server({ ...options, ...more, interceptors });
    server.addService(OperationsService, operations.handlers);
    addHealth(server, operations);
    const port = await servePort({ server, address: '127.0.0.1:0' });
    opened({
      async [Symbol.asyncDispose]() {
        await operations.close({ graceMs: 0 });
        await port.close({ graceMs: 0 });
        server.forceShutdown();
      },
    });
    return { port: port.port, ...attackedServer(port.address, opened, 'secret') };
  }

  it('allow 100 concurrent calls, and 1,000 after the first call with valid credentials', async () => {
    const { raw } = await serve();
    const connection = raw();
    const { session } = connection;
    await connection.call(CHECK, frame(Buffer.alloc(0)));
    await connection.call(GET, frame(Buffer.alloc(0)), { authorization: 'Bearer eve' });
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
    await connection.call(GET, frame(Buffer.alloc(0)), ADA);
    await until(() => session.remoteSettings.maxConcurrentStreams === 1000);
  });

  it('keep a configured number of concurrent calls', async () => {
    const { raw } = await serve({}, { 'grpc.max_concurrent_streams': 50 });
    const connection = raw();
    for (let call = 0; call < 3; call++) await connection.call(GET, frame(Buffer.alloc(0)), ADA);
    expect(connection.session.remoteSettings.maxConcurrentStreams).toBe(50);
  });

  it('are closed after 100 rejections, plus an allowance over time; others are served', async () => {
    const { raw, goesOn } = await serve();
    const connection = raw();
    const closed = new Promise((resolve) => connection.session.once('close', resolve));
    const codes = await refusals(connection, 99);
    expect(codes).toEqual(Array.from({ length: 99 }, () => Code.UNAUTHENTICATED));
    while (!connection.session.closed) await refusals(connection, 1);
    await closed;
    await goesOn();
  });

  it('are not closed after an authenticated call', async () => {
    const { raw } = await serve();
    const connection = raw();
    await connection.call(GET, frame(Buffer.alloc(0)), ADA);
    await refusals(connection, 300);
    const { grpcStatus } = await connection.call(GET, frame(Buffer.alloc(0)), ADA);
    expect(grpcStatus).toBe(Code.INVALID_ARGUMENT);
  });

  it('share a quarter of the process memory, or are closed; others keep theirs', async () => {
    const { raw, port, goesOn } = await serve({ processBytes: 16 * MIB });
    const known = raw();
    await known.call(GET, frame(Buffer.alloc(0)), ADA);
    const upload = known.open(GET, ADA);
    upload.on('error', () => {}).write(frame(Buffer.alloc(3 * MIB), { length: 4 * MIB }));
    await until(() => heldBytes() > 3 * MIB);
    const before = heldBytes();
    const attackers = Array.from({ length: 4 }, () => new Attacker(port));
    for (const attacker of attackers) await attacker.flood(100, (index) => watch(index));
    await until(() => heldBytes() > before + 2 * MIB);
    expect(heldBytes() - before).toBeLessThanOrEqual(5 * MIB);
    expect(upload.closed).toBe(false);
    await until(() => attackers.some(({ isOver }) => isOver));
    for (const attacker of attackers) attacker.close();
    await goesOn();
  });

  it('that block the event loop: calls are rejected in a way that clients may retry', async () => {
    let busyMs = 60;
    const busy: ServerInterceptor = (_, call) => {
      const until = performance.now() + busyMs;
      busyMs = 0;
      while (performance.now() < until);
      return call as ReturnType<ServerInterceptor>;
    };
    const { raw, goesOn } = await serve({}, { interceptors: [busy] });
    const connection = raw();
    await new Promise((resolve) => connection.session.once('remoteSettings', resolve));
    const closed = new Promise((resolve) => connection.session.once('close', resolve));
    const codes = await Promise.all(
      Array.from({ length: 10 }, () => {
        const stream = connection.open(CHECK, {});
        stream.on('error', () => {}).resume();
        stream.end(frame(Buffer.alloc(0)));
        return new Promise((resolve) => stream.on('close', () => resolve(stream.rstCode)));
      }),
    );
    expect(codes.slice(0, 2)).toEqual([constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_NO_ERROR]);
    expect(new Set(codes.slice(2))).toEqual(new Set([constants.NGHTTP2_REFUSED_STREAM]));
    await closed;
    await goesOn();
  });
});

async function refusals(connection: RawGrpc, count: number): Promise<(number | undefined)[]> {
  const codes: (number | undefined)[] = [];
  for (let call = 0; call < count; call++) {
    const { grpcStatus } = await connection.call(GET, frame(Buffer.alloc(0)));
    codes.push(grpcStatus);
  }
  return codes;
}

function watch(index: number): Buffer {
  const stream = 2 * index + 1;
  return Buffer.concat([
    frameOf(Frame.HEADERS, Flag.END_HEADERS, stream, callHeaders(WATCH)),
    frameOf(Frame.DATA, Flag.END_STREAM, stream, Buffer.alloc(5)),
  ]);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
