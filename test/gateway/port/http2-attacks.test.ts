import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Code } from '../../../src/core/status.js';
import { Attacker, callHeaders, Flag, Frame, frameOf, header } from '../../helpers/http2-frames.js';
import { frame, rawGrpc } from '../../helpers/raw-grpc.js';
import { GET_THING, type OnePort, serveOnePort } from './one-port.js';

const MIB = 2 ** 20;
/** An unlimited flood would retain hundreds of these. */
const MOST_KEPT_MIB = 100;

describe('one port › attacks on HTTP/2', () => {
  let port: OnePort;
  let attacker: Attacker;
  let before: number;
  beforeEach(async () => {
    port = await serveOnePort();
    await port.getThing('things/a');
    before = process.memoryUsage().rss;
    attacker = new Attacker(port.served.port);
  });
  afterEach(async () => {
    attacker.close();
    await port[Symbol.asyncDispose]();
  });

  /** Checks that others are served and that little memory is retained. */
  const expectService = async () => {
    expect(await port.getThing('things/a')).toBe('things/a');
    expect((await port.ask('GET', '/v1/things/a')).status).toBe(200);
    expect((process.memoryUsage().rss - before) / MIB).toBeLessThan(MOST_KEPT_MIB);
  };

  it('rapid reset (CVE-2023-44487): the connection is closed after just over a thousand', async () => {
    const block = callHeaders(GET_THING);
    const cancel = Buffer.from([0, 0, 0, 8]);
    const taken = await attacker.flood(20_000, (index) => {
      const stream = 2 * index + 1;
      return Buffer.concat([
        frameOf(Frame.HEADERS, Flag.END_HEADERS, stream, block),
        frameOf(Frame.RST_STREAM, Flag.NONE, stream, cancel),
      ]);
    });
    expect(taken).toBeLessThan(20_000);
    await attacker.ended();
    await expectService();
  });

  it('endless CONTINUATION frames: the connection is closed', async () => {
    const more = Buffer.concat(
      Array.from({ length: 100 }, (_, index) => header(`x-${index}`, 'v'.repeat(100))),
    );
    const taken = await attacker.flood(10_000, (index) =>
      index === 0
        ? frameOf(Frame.HEADERS, Flag.NONE, 1, callHeaders(GET_THING))
        : frameOf(Frame.CONTINUATION, Flag.NONE, 1, more),
    );
    expect(taken).toBeLessThan(10_000);
    await attacker.ended();
    await expectService();
  });

  it.each([
    ['PING', () => frameOf(Frame.PING, Flag.NONE, 0, Buffer.alloc(8))],
    ['SETTINGS', () => frameOf(Frame.SETTINGS, Flag.NONE, 0, Buffer.from([0, 4, 0, 1, 0, 0]))],
    ['empty DATA', () => frameOf(Frame.DATA, Flag.NONE, 1)],
    ['WINDOW_UPDATE', () => frameOf(Frame.WINDOW_UPDATE, Flag.NONE, 0, Buffer.from([0, 0, 0, 1]))],
  ])('a flood of %s: others are served', async (_, make) => {
    await attacker.flood(1, () => frameOf(Frame.HEADERS, Flag.END_HEADERS, 1, callHeaders(GET_THING)));
    await attacker.flood(50_000, make);
    await expectService();
  });

  it('headers that decompress to a large size: rejected, with little memory', async () => {
    // Adds one header of 4,000 bytes to the table of the connection, then refers to it with one byte each time.
    const big = Buffer.alloc(4000, 'a');
    const entry = Buffer.concat([Buffer.from([0x40, 1]), Buffer.from('b'), length(big.length), big]);
    const block = Buffer.concat([callHeaders(GET_THING), entry, Buffer.alloc(8000, 0xbe)]);
    await attacker.flood(500, (index) => frameOf(Frame.HEADERS, Flag.END_HEADERS, 2 * index + 1, block));
    await expectService();
  });

  it('a client that reads no data: bounded memory', async () => {
    const noWindow = frameOf(Frame.SETTINGS, Flag.NONE, 0, Buffer.from([0, 4, 0, 0, 0, 0]));
    const request = frameOf(Frame.DATA, Flag.END_STREAM, 1, Buffer.from([0, 0, 0, 0, 0]));
    await attacker.flood(1, () => noWindow);
    await attacker.flood(5000, (index) => {
      const data = Buffer.from(request);
      data.writeUInt32BE(2 * index + 1, 5);
      return Buffer.concat([
        frameOf(Frame.HEADERS, Flag.END_HEADERS, 2 * index + 1, callHeaders(GET_THING)),
        data,
      ]);
    });
    await expectService();
  });

  it('a message of 250 KiB that decompresses to 256 MiB: RESOURCE_EXHAUSTED', async () => {
    await using raw = rawGrpc(port.served.address);
    const bomb = frame(gzipSync(Buffer.alloc(256 * MIB)));
    bomb[0] = 1;
    before = process.memoryUsage().rss;
    const { grpcStatus } = await raw.call(GET_THING, bomb, { 'grpc-encoding': 'gzip' });
    expect(grpcStatus).toBe(Code.RESOURCE_EXHAUSTED);
    await expectService();
  });

  it('calls whose request never arrives: end with their connection, and others are served', async () => {
    await attacker.flood(1000, (index) =>
      frameOf(Frame.HEADERS, Flag.END_HEADERS, 2 * index + 1, callHeaders(GET_THING)),
    );
    await expectService();
  });
});

/** Encodes a string length (RFC 7541, section 5.1) with a prefix of seven bits. */
function length(bytes: number): Buffer {
  const octets = [0x7f];
  let rest = bytes - 0x7f;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) + 128);
  return Buffer.from([...octets, rest]);
}
