import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { manualClock } from '../../../src/testing/clock/manual-clock.js';
import { fuzzRuns } from '../../fuzz/fuzz-runs.js';
import { rawGrpc } from '../../helpers/raw-grpc.js';
import { type OnePort, serveOnePort } from './one-port.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const NO_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const GET = 'GET /v1/things/a HTTP/1.1\r\nhost: x\r\n';
const CLIENT_HELLO = Buffer.from('16030100c8010000c40303', 'hex');
const IDLE = 2000;

describe('one port › hostile input', () => {
  let port: OnePort;
  beforeAll(async () => {
    port = await serveOnePort();
  });
  afterAll(async () => port[Symbol.asyncDispose]());

  const dial = (): Socket => connect(port.served.port, '127.0.0.1').on('error', () => {});
  /** Collects all bytes until the server closes the connection. */
  const sent = async (...pieces: (string | Buffer)[]): Promise<string> => {
    const socket = dial().setNoDelay();
    for (const piece of pieces) {
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return received(socket);
  };
  const expectService = async () => {
    expect(await port.getThing('things/a')).toBe('things/a');
    expect((await port.ask('GET', '/v1/things/a')).status).toBe(200);
  };

  it.each([
    ['junk', Buffer.from([0, 1, 2, 3, 255, 254])],
    ['a TLS hello', CLIENT_HELLO],
    ['half a preface, then something else', `${PREFACE.subarray(0, 12)}nonsense\r\n\r\n`],
    ['a preface after a request', Buffer.concat([Buffer.from(`${GET}\r\n`), PREFACE])],
  ])('%s: 400', async (_, bytes) => {
    expect(await sent(bytes)).toMatch(/HTTP\/1\.1 400 [\s\S]*"code":400/);
    await expectService();
  });

  it.each([
    ['no bytes', ''],
    ['half a preface', PREFACE.subarray(0, 12)],
    ['a preface but for its last byte', PREFACE.subarray(0, -1)],
  ])('%s: 408 once the headers timeout passes', async (_, bytes) => {
    const clock = manualClock();
    const arrivalMs = 100_000_000;
    await using slow = await serveOnePort({ gateway: { limits: { arrivalMs } }, port: { clock } });
    const socket = connect(slow.served.port, '127.0.0.1');
    if (bytes.length > 0) socket.write(bytes);
    const answer = received(socket);
    await clock.whenArmed(1);
    await clock.advance(arrivalMs);
    expect(await answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":408/);
    await expectService();
  });

  it('no bytes and the end, as probes do: closed at once', async () => {
    const socket = connect(port.served.port, '127.0.0.1').resume();
    await once(socket, 'connect');
    socket.end();
    await once(socket, 'close');
    expect(socket.bytesRead).toBe(0);
  });

  it('half a preface and the end: an answer, then closed', async () => {
    const socket = dial();
    socket.end(PREFACE.subarray(0, 12));
    expect(await received(socket)).toMatch(/^(?:HTTP\/1\.1 400 .*)?/);
    await expectService();
  });

  it('a preface byte by byte: gRPC', async () => {
    const socket = dial().setNoDelay();
    await once(socket, 'connect');
    for (const byte of [...PREFACE, ...NO_SETTINGS]) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [frame] = await once(socket, 'data');
    expect(frame[3]).toBe(NO_SETTINGS[3]);
    socket.destroy();
  });

  it('a request byte by byte: REST', async () => {
    expect(await sent(...`${GET}connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('a preface followed by junk: only that connection is closed', async () => {
    await sent(Buffer.concat([PREFACE, Buffer.alloc(100, 'x')]));
    await expectService();
  });

  it('an upgrade to HTTP/2: still REST', async () => {
    const upgrade = 'connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n';
    const socket = dial();
    socket.write(`${GET}${upgrade}\r\n`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  it.each([
    [501, 'CONNECT example.com:80 HTTP/1.1\r\nhost: x\r\n\r\n'],
    [417, `${GET}expect: 200-ok\r\nconnection: close\r\n\r\n`],
  ])('unsupported requests: %i, as a JSON error', async (status, request) => {
    const answer = await sent(request);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*\\{"error":\\{"code":${status},`));
    await expectService();
  });

  it('CONNECT after a request: answered in order', async () => {
    const answer = await sent(`${GET}\r\nCONNECT example.com:80 HTTP/1.1\r\nhost: x\r\n\r\n`);
    expect(Array.from(answer.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status)).toEqual(['200', '501']);
  });

  it('JSON over HTTP/2: 415, as in gRPC', async () => {
    await using raw = rawGrpc(port.served.address);
    const headers = { ':method': 'GET', 'content-type': 'application/json' };
    const { httpStatus } = await raw.call('/v1/things/a', Buffer.alloc(0), headers);
    expect(httpStatus).toBe(415);
  });

  it(`${IDLE} silent connections: others are served, and each is closed`, async () => {
    const clock = manualClock();
    const arrivalMs = 100_000_000;
    await using busy = await serveOnePort({ gateway: { limits: { arrivalMs } }, port: { clock } });
    const ended: Promise<string>[] = [];
    while (ended.length < IDLE) {
      // Opens a few at a time, because the accept queue of the system is limited.
      const some = Array.from({ length: 100 }, () =>
        connect(busy.served.port, '127.0.0.1').on('error', () => {}),
      );
      ended.push(...some.map(received));
      await Promise.all(some.map((socket) => once(socket, 'connect')));
    }
    await clock.whenArmed(IDLE);
    expect(await busy.getThing('things/a')).toBe('things/a');
    expect((await busy.ask('GET', '/v1/things/a')).status).toBe(200);
    await clock.advance(arrivalMs);
    const answers = await Promise.all(ended);
    expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 408 '))).toHaveLength(IDLE);
  });

  it('thousands of cancelled REST calls: other calls continue', async () => {
    const waiting: (() => void)[] = [];
    port.things.answer = ({ request }) =>
      JSON.stringify(request).includes('kept')
        ? new Promise((resolve) => waiting.push(() => resolve(undefined)))
        : new Promise(() => {});
    const kept = port.ask('GET', '/v1/things/kept');
    for (let round = 0; round < 30; round++) {
      const before = port.things.calls.length;
      const socket = dial();
      socket.write(`${GET}\r\n`.repeat(100));
      while (port.things.calls.length < before + 100) await new Promise((resolve) => setTimeout(resolve, 1));
      socket.destroy();
    }
    port.things.answer = () => undefined;
    await expectService();
    for (const finish of waiting) finish();
    expect((await kept).status).toBe(200);
  });

  it('any bytes, split in any way: others are served', async () => {
    await using hasty = await serveOnePort({ gateway: { limits: { arrivalMs: 300 } } });
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(PREFACE, PREFACE.subarray(0, 9), NO_SETTINGS, CLIENT_HELLO, Buffer.from(`${GET}\r\n`)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        const socket = connect(hasty.served.port, '127.0.0.1')
          .on('error', () => {})
          .setNoDelay();
        for (const bytes of pieces) socket.write(bytes);
        socket.end();
        await received(socket);
      }),
      fuzzRuns(100),
    );
    expect(await hasty.getThing('things/a')).toBe('things/a');
    expect((await hasty.ask('GET', '/v1/things/a')).status).toBe(200);
  });
});

/** Resolves when the connection is closed. */
function received(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}
