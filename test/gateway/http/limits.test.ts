import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { manualClock } from '../../../src/testing/clock/manual-clock.js';
import { errorOf, head, statuses } from '../http-text.js';
import { HOSTILE_BODIES } from '../json/hostile-bodies.js';
import { servedThings, WAYS } from '../served-things.js';

describe.each(WAYS)('gateway %s › limits', (_, serve) => {
  const served = servedThings(serve);

  it('a URL of more than 8 KiB: 414', async () => {
    const path = (length: number) => `/v1/things/${'a'.repeat(length - 11)}`;
    expect((await served.gateway.ask('GET', path(8192))).status).toBe(200);
    for (const length of [8193, 20_000]) {
      const answer = await served.gateway.ask('GET', path(length));
      expect([answer.status, errorOf(answer).code]).toEqual([414, 414]);
    }
  });

  it('headers of more than 16 KiB: 431', async () => {
    for (const length of [17_000, 100_000]) {
      const answer = await served.gateway.ask('GET', '/v1/things/a', {
        headers: { 'x-long': 'a'.repeat(length) },
      });
      expect([answer.status, errorOf(answer).code]).toEqual([431, 431]);
    }
    const fitting = { 'x-long': 'a'.repeat(16_000) };
    expect((await served.gateway.ask('GET', '/v1/things/a', { headers: fitting })).status).toBe(200);
  });

  it('a body of more than 4 MiB: 413, with or without a declared length', async () => {
    const body = (length: number) => JSON.stringify({ nothing: 'a'.repeat(length - 14) });
    expect((await served.gateway.ask('POST', '/v1/things', { body: body(4 * 1024 * 1024) })).status).toBe(
      200,
    );
    const told = await served.gateway.ask('POST', '/v1/things', { body: body(4 * 1024 * 1024 + 1) });
    expect([told.status, errorOf(told).code, told.headers.connection]).toEqual([413, 413, 'close']);
    const chunk = `100000\r\n${'a'.repeat(0x100000)}\r\n`;
    const sent = head('POST /v1/things', 'content-type: application/json', 'transfer-encoding: chunked');
    expect(statuses(await served.gateway.raw(`${sent}${chunk.repeat(6)}0\r\n\r\n`))).toEqual([413]);
  });

  it.each(Object.keys(HOSTILE_BODIES))('a body with %s: 400, before it is decoded', async (title) => {
    const answer = await served.gateway.ask('POST', '/v1/things', { body: HOSTILE_BODIES[title] ?? '' });
    expect([answer.status, errorOf(answer).message]).toEqual([
      400,
      expect.stringMatching(
        /^(body has more than 10000 values|body is nested deeper than 500 levels|field mask has more than 10000 paths|body does not fit .* 64-bit integer|body is no JSON)/,
      ),
    ]);
  });

  it('exactly as many values in a body as allowed: 200', async () => {
    await using few = await served.serve({ limits: { bodyValues: 4 } });
    const body = (numbers: readonly number[]) => ({ body: { numbers } });
    expect((await few.ask('POST', '/v1/things', body([1, 2]))).status).toBe(200);
    expect((await few.ask('POST', '/v1/things', body([1, 2, 3]))).status).toBe(400);
  });

  it('long text in string fields: 200', async () => {
    const digits = '9'.repeat(100_000);
    const body = { heading: digits, data: digits, extra: { big: digits, mask: 'a,'.repeat(30_000) } };
    expect((await served.gateway.ask('POST', '/v1/things', { body })).status).toBe(200);
  });

  it('a body that does not arrive: 408', async () => {
    const clock = manualClock();
    await using slow = await served.serve({ clock });
    const answer = slow.raw(
      `${head('POST /v1/things', 'content-length: 100', 'content-type: application/json')}{"a"`,
    );
    await clock.whenArmed(1);
    await clock.advance(30_000);
    await clock.advance(1000);
    expect(await answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*connection: close[\s\S]*"code":408/i);
  });

  it('headers that do not arrive: 408', async () => {
    await using slow = await served.serve({
      limits: { arrivalMs: 100 },
    });
    expect(await slow.raw('GET /v1/things/a HTTP/1.1\r\nhost: x\r\nx-sl')).toMatch(
      /^HTTP\/1\.1 408 [\s\S]*"code":408/,
    );
  });

  it('ignores a request whose body is cut off', async () => {
    const calls = served.things.calls.length;
    const socket = connect(served.gateway.port, '127.0.0.1');
    socket.write(`${head('POST /v1/things', 'content-length: 100')}{"name"`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    expect((await served.gateway.ask('GET', '/v1/things/a')).status).toBe(200);
    expect(served.things.calls).toHaveLength(calls + 1);
  });

  it.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json; charset=latin1', 415],
    ['', 415],
    ['application/json; charset=UTF-8', 200],
    ['application/merge-patch+json', 200],
  ])('content-type %j: %i', async (type, status) => {
    const answer = await served.gateway.ask('POST', '/v1/things', {
      body: '{}',
      headers: { 'content-type': type },
    });
    expect(answer.status).toBe(status);
  });

  it('a compressed body: 415; a body without a type is JSON; a type without a body is ignored', async () => {
    const compressed = { headers: { 'content-encoding': 'gzip' }, body: '{}' };
    expect((await served.gateway.ask('POST', '/v1/things', compressed)).status).toBe(415);
    expect(
      (await served.gateway.ask('GET', '/v1/things/a', { headers: { 'content-type': 'text/plain' } })).status,
    ).toBe(200);
    const untyped = head('POST /v1/things', 'content-length: 2', 'connection: close');
    expect(statuses(await served.gateway.raw(`${untyped}{}`))).toEqual([200]);
  });

  it('a body with a compressing transfer encoding: 415', async () => {
    const sent = head('POST /v1/things', 'transfer-encoding: gzip, chunked', 'connection: close');
    expect(statuses(await served.gateway.raw(`${sent}2\r\n{}\r\n0\r\n\r\n`))).toEqual([415]);
  });

  it('a body that is not UTF-8: 400', async () => {
    const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    expect((await served.gateway.ask('POST', '/v1/things', { body })).status).toBe(400);
  });

  it('bytes that are not HTTP: 400', async () => {
    expect(await served.gateway.raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":400/);
  });
});
