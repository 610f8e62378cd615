import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { heldBytes } from '../../src/core/held-memory.js';
import { Code } from '../../src/core/status.js';
import { servePort } from '../../src/gateway/index.js';
import { addHealth, createOperations, grpcLimits, OperationsService } from '../../src/server/index.js';
import type { GrpcLimitOptions } from '../../src/server/limits/grpc-limits.js';
import { manualClock, settled } from '../../src/testing/clock/manual-clock.js';
import { attackedServer } from '../helpers/attacked-server.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { Attacker, callHeaders, Flag, Frame, frameOf } from '../helpers/http2-frames.js';
import { frame, type RawAnswer, type RawGrpc } from '../helpers/raw-grpc.js';

const GET = '/google.longrunning.Operations/GetOperation';
/** Answers a message of 1 MiB. */
const BIG = '/test.Answers/Big';
const WATCH = '/grpc.health.v1.Health/Watch';
const MIB = 2 ** 20;
const ARRIVAL_MS = 30_000;
const NO_WINDOW = frameOf(Frame.SETTINGS, Flag.NONE, 0, Buffer.from([0, 4, 0, 0, 0, 0]));

describe('grpcLimits › requests that do not arrive, responses that are not read', () => {
  const opened = closeAfterEach();

  async function serve(limits: GrpcLimitOptions = {}, { listening = 'port' } = {}) {
    const server = new Server(grpcLimits(limits));
    const operations = createOperations({ methods: [] });
    server.addService(OperationsService, operations.handlers);
    addHealth(server, operations);
    const bytes = (value: Buffer) => value;
    const answer: handleUnaryCall<Buffer, Buffer> = (_, callback) => callback(null, Buffer.alloc(MIB));
    server.register(BIG, answer, bytes, bytes, 'unary');
    const port =
      listening === 'port'
        ? await servePort({ server, address: '127.0.0.1:0' })
        : { ...(await bind(server)), close: async () => {} };
    opened({
      async [Symbol.asyncDispose]() {
        await operations.close({ graceMs: 0 });
        await port.close({ graceMs: 0 });
        server.forceShutdown();
      },
    });
    return { port: port.port, ...attackedServer(port.address, opened) };
  }

  describe.each(['port', 'grpc-js'])('on a %s', (listening) => {
    it.each([
      ['nothing', undefined],
      ['half a prefix', Buffer.from([0, 0, 0])],
      ['all but the last byte of a message', frame(Buffer.alloc(99), { length: 100 })],
      ['a message without the end of the stream', frame(Buffer.alloc(0))],
    ])('%s arrives: DEADLINE_EXCEEDED after 30 s, and the stream is closed', async (_, bytes) => {
      const clock = manualClock();
      const { raw, goesOn } = await serve({ clock }, { listening });
      const stream = raw().open(GET);
      const answer = new Promise<RawAnswer>((resolve) => {
        let grpcStatus: number | undefined;
        stream.on('response', (headers) => {
          grpcStatus = Number(headers['grpc-status']);
        });
        stream.resume().on('close', () => resolve({ grpcStatus } as RawAnswer));
      });
      if (bytes) stream.write(bytes);
      await until(() => heldBytes() > 0);
      await clock.advance(ARRIVAL_MS - 1000);
      expect(stream.closed).toBe(false);
      await clock.advance(2000);
      expect((await answer).grpcStatus).toBe(Code.DEADLINE_EXCEEDED);
      await until(() => heldBytes() === 0);
      await goesOn();
    });

    it('counts each of several calls that arrive in one read', async () => {
      const { port, goesOn } = await serve({}, { listening });
      const attacker = new Attacker(port);
      const heads = Array.from({ length: 50 }, (_, index) =>
        frameOf(Frame.HEADERS, Flag.END_HEADERS, 2 * index + 1, callHeaders(GET)),
      );
      await attacker.flood(1, () => Buffer.concat(heads));
      await until(() => heldBytes() >= 50 * 64 * 1024);
      attacker.close();
      await until(() => heldBytes() === 0);
      await goesOn();
    });

    it('a connection with too much pending data: RESOURCE_EXHAUSTED for its largest calls', async () => {
      const { raw, goesOn } = await serve({ connectionBytes: 32 * MIB }, { listening });
      const connection = raw();
      const ended: number[] = [];
      for (let index = 0; index < 20; index++) begin(connection, 2 * MIB, ended);
      await until(() => ended.length >= 4);
      expect(new Set(ended)).toEqual(new Set([Code.RESOURCE_EXHAUSTED]));
      expect(heldBytes()).toBeLessThanOrEqual(36 * MIB);
      expect(connection.session.destroyed).toBe(false);
      await goesOn();
    });
  });

  it('many connections with too much pending data together: closes the largest, serves the others', async () => {
    const { raw, goesOn } = await serve({ processBytes: 32 * MIB });
    const ended: number[] = [];
    const small: number[] = [];
    begin(raw(), MIB, small);
    for (let index = 0; index < 14; index++) begin(raw(), 3 * MIB, ended);
    await until(() => ended.length >= 3);
    expect(heldBytes()).toBeLessThanOrEqual(36 * MIB);
    expect(new Set(ended)).toEqual(new Set([Code.RESOURCE_EXHAUSTED]));
    expect(small).toEqual([]);
    await goesOn();
  });

  it('counts the actual memory of a message in one-byte frames', async () => {
    const { port, goesOn } = await serve({ connectionBytes: MIB });
    const attacker = new Attacker(port);
    const begin = Buffer.concat([
      frameOf(Frame.HEADERS, Flag.END_HEADERS, 1, callHeaders(GET)),
      frameOf(Frame.DATA, Flag.NONE, 1, Buffer.from([0, 0, 16, 0, 0])),
    ]);
    const byte = frameOf(Frame.DATA, Flag.NONE, 1, Buffer.from([1]));
    await attacker.flood(1, () => begin);
    await attacker.flood(100, () => Buffer.concat(Array.from({ length: 100 }, () => byte)));
    expect(heldBytes()).toBeLessThanOrEqual((9 / 8) * MIB);
    await goesOn();
    attacker.close();
  });

  it('calls with headers only: as many as fit, the others end', async () => {
    const { port, goesOn } = await serve({ connectionBytes: MIB });
    const attacker = new Attacker(port);
    await attacker.flood(500, (index) =>
      frameOf(Frame.HEADERS, Flag.END_HEADERS, 2 * index + 1, callHeaders(GET)),
    );
    await goesOn();
    expect(heldBytes()).toBeLessThanOrEqual((9 / 8) * MIB);
    attacker.close();
  });

  it.each([
    ['one after another', 1],
    ['all at once', 100],
  ])('responses that are not read, requested %s: no more than fit, others are served', async (_, atOnce) => {
    const { port, goesOn } = await serve({ connectionBytes: 32 * MIB });
    const attacker = new Attacker(port);
    await attacker.flood(1, () => NO_WINDOW);
    let most = 0;
    for (let sent = 0; sent < 100; sent += atOnce) {
      const calls = Array.from({ length: atOnce }, (__, index) => callOf(BIG, 2 * (sent + index) + 1));
      await attacker.flood(1, () => Buffer.concat(calls));
      await new Promise((resolve) => setTimeout(resolve, 5));
      most = Math.max(most, heldBytes());
    }
    await goesOn();
    expect(most).toBeLessThanOrEqual(36 * MIB);
    if (atOnce === 1) expect(attacker.isOver).toBe(false);
    attacker.close();
    await until(() => heldBytes() === 0);
  });

  it('resets a response that is not read within the arrival time', async () => {
    const { raw } = await serve({ arrivalMs: 300 });
    const { session } = raw();
    session.settings({ initialWindowSize: 0 });
    const stream = session.request({
      ':method': 'POST',
      ':path': BIG,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => {}).end(frame(Buffer.alloc(0)));
    await new Promise<void>((resolve) => stream.resume().on('close', () => resolve()));
    expect(stream.rstCode).toBe(11);
  });

  it('does not limit the time of streams that may take any time, but counts them', async () => {
    const clock = manualClock();
    const { raw } = await serve({ clock });
    const stream = raw().open(WATCH);
    stream.resume().end(frame(Buffer.alloc(0)));
    await new Promise((resolve) => stream.once('data', resolve));
    await clock.advance(10 * ARRIVAL_MS);
    await settled();
    expect(stream.closed).toBe(false);
    expect(heldBytes()).toBeGreaterThan(0);
    stream.close();
    await until(() => heldBytes() === 0);
  });

  it.each([0, -1, Number.NaN])('rejects a limit of %s', (value) => {
    expect(() => grpcLimits({ arrivalMs: value })).toThrow(`arrivalMs must be greater than 0, got ${value}`);
    expect(() => grpcLimits({ connectionBytes: value })).toThrow(TypeError);
    expect(() => grpcLimits({ processBytes: value })).toThrow(TypeError);
  });
});

/** Begins a call whose message never ends; notes the status that it is answered with. */
function begin({ open }: RawGrpc, length: number, ended: number[]): void {
  const stream = open(GET);
  stream.on('response', (headers) => ended.push(Number(headers['grpc-status'])));
  stream.on('error', () => {}).write(frame(Buffer.alloc(length - 1), { length }));
}

function callOf(path: string, stream: number): Buffer {
  return Buffer.concat([
    frameOf(Frame.HEADERS, Flag.END_HEADERS, stream, callHeaders(path)),
    frameOf(Frame.DATA, Flag.END_STREAM, stream, frame(Buffer.alloc(0))),
  ]);
}

function bind(server: Server): Promise<{ port: number; address: string }> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve({ port, address: `127.0.0.1:${port}` }),
    );
  });
}

/** @throws Error when the condition does not come true while a busy machine may need for it. */
async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > giveUpAt) throw new Error(`not so: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
