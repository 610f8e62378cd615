import { connect } from 'node:net';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createGateway } from '../../src/gateway/index.js';
import { Code, StatusError } from '../../src/status.js';
import { manualClock } from '../helpers/manual-clock.js';
import { type Answer, type ServedGateway, serveGateway } from './http-client.js';
import { startThingsServer, type ThingsServer, thingsDescriptors } from './things-server.js';

const errorOf = ({ json }: Answer) =>
  (json as { error: { code: number; status: string; message: string } }).error;
const head = (line: string, ...headers: string[]) =>
  `${[`${line} HTTP/1.1`, 'host: x', ...headers].join('\r\n')}\r\n\r\n`;
const statuses = (text: string) =>
  Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => Number(status));

describe('gateway', () => {
  let descriptors: Buffer;
  let things: ThingsServer;
  let gateway: ServedGateway;
  beforeAll(async () => {
    descriptors = thingsDescriptors();
    things = await startThingsServer(descriptors);
    gateway = await serveGateway({ target: things.target, descriptors, headers: ['X-Tenant'] });
  });
  beforeEach(() => {
    things.answer = () => undefined;
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    things[Symbol.dispose]();
  });

  describe('methods and paths (rules 3 to 6)', () => {
    it('a path that is known under other methods: 405 with Allow', async () => {
      const answer = await gateway.ask('POST', '/v1/things/a', { body: {} });
      expect([answer.status, answer.headers.allow]).toEqual([405, 'DELETE, GET, HEAD, OPTIONS, PATCH, PUT']);
      expect(errorOf(answer)).toMatchObject({ code: 405, status: 'UNIMPLEMENTED' });
    });

    it.each([
      '/',
      '/v2/things/a',
      '/v1/things/',
      '/v1//things/a',
      '/v1/things/a/',
      '/v1/things/a:unknown',
      '/v1/things/a%3Atouch/x',
      '*',
    ])('%s: 404', async (path) => {
      const answer = await gateway.ask('GET', path);
      expect(answer.status).toBe(404);
      expect(errorOf(answer)).toMatchObject({ code: 404, status: 'NOT_FOUND' });
    });

    it.each([
      '/v1/things/..',
      '/v1/things/.',
      '/v1/things/%2e%2e',
      '/v1/things/%2E.',
      '/v1/things/a%2f..%2fb',
      '/v1/things/%FF',
      '/v1/things/%',
      '/v1/things/%zz',
      '/v1/things/a%00',
      '/v1/things/a%0a',
      '/v1/things/a?tags=%FF',
      '/v1/things/a?%',
    ])('%s: 400', async (path) => {
      const answer = await gateway.ask('GET', path);
      expect(answer.status).toBe(400);
      expect(errorOf(answer)).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' });
    });

    it('bytes that no URL may have: 400', async () => {
      const answer = await gateway.raw(
        Buffer.from(head('GET /v1/things/\xe9', 'connection: close'), 'latin1'),
      );
      expect(statuses(answer)).toEqual([400]);
    });

    it('an escaped slash stays in one segment', async () => {
      expect((await gateway.ask('GET', '/v1/things/a%2Fb')).json).toEqual({ name: 'things/a%2Fb' });
    });

    it('a URL in absolute form is that of its path', async () => {
      expect((await gateway.ask('GET', `http://example.com/v1/things/a?small=1`)).json).toEqual({
        name: 'things/a',
        small: 1,
      });
    });

    it('HEAD is GET without the body', async () => {
      const [get, answer] = [
        await gateway.ask('GET', '/v1/things/a'),
        await gateway.ask('HEAD', '/v1/things/a'),
      ];
      expect([answer.status, answer.text, answer.headers['content-length']]).toEqual([
        200,
        '',
        get.headers['content-length'],
      ]);
      const missing = await gateway.ask('HEAD', '/v1/nothing');
      expect([missing.status, missing.text]).toEqual([404, '']);
    });

    it('OPTIONS answers 204 with Allow', async () => {
      const answer = await gateway.ask('OPTIONS', '/v1/things');
      expect([answer.status, answer.headers.allow, answer.text]).toEqual([204, 'OPTIONS, POST', '']);
      expect((await gateway.ask('OPTIONS', '/v1/nothing')).status).toBe(404);
    });

    it('a rule for any method takes any', async () => {
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'PROPFIND']) {
        expect((await gateway.ask(method, '/v1/things/a:touch')).status).toBe(200);
      }
    });

    it('streams have no routes', async () => {
      expect((await gateway.ask('GET', '/v1/things:watch')).status).toBe(404);
    });
  });

  describe('headers (rule 9)', () => {
    it('become metadata: authorization, traceparent, x-goog-* and those that are named', async () => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const headers = { authorization: 'Bearer t', traceparent, 'x-goog-api-client': 'a b', 'x-tenant': 't' };
      await gateway.ask('GET', '/v1/things/a', {
        headers: { ...headers, cookie: 'c', 'x-other': 'o', 'x-goog-bytes-bin': 'AAE=' },
      });
      const { metadata } = things.calls.at(-1) ?? {};
      expect(metadata).toMatchObject({ ...headers, 'x-goog-bytes-bin': Buffer.from([0, 1]) });
      expect(Object.keys(metadata ?? {})).not.toEqual(expect.arrayContaining(['cookie']));
      expect(metadata).not.toHaveProperty('x-other');
    });

    it('that gRPC cannot carry: 400', async () => {
      expect((await gateway.ask('GET', '/v1/things/a', { headers: { 'x-goog-x': 'é' } })).status).toBe(400);
    });

    it('come back: x-goog-* and those that are named, from trailers too', async () => {
      const answer = await gateway.ask('GET', '/v1/things/a');
      expect(answer.headers['x-goog-trailer']).toBe('end');
      expect(answer.headers).not.toHaveProperty('x-secret');
    });

    it('the request id comes back, with errors too', async () => {
      const headers = { 'x-request-id': 'r-1' };
      expect((await gateway.ask('GET', '/v1/things/a', { headers })).headers['x-request-id']).toBe('r-1');
      expect((await gateway.ask('GET', '/nothing', { headers })).headers['x-request-id']).toBe('r-1');
      expect((await gateway.ask('GET', '/v1/things/a')).headers).not.toHaveProperty('x-request-id');
    });

    it('X-Server-Timeout is the deadline', async () => {
      const before = Date.now();
      await gateway.ask('GET', '/v1/things/a', { headers: { 'x-server-timeout': '12.5' } });
      const { deadline = 0 } = things.calls.at(-1) ?? {};
      expect(deadline).toBeGreaterThan(before + 12_000);
      expect(deadline).toBeLessThan(Date.now() + 12_600);
      things.answer = () => new Promise(() => {});
      const late = await gateway.ask('GET', '/v1/things/a', { headers: { 'x-server-timeout': '0.05' } });
      expect([late.status, errorOf(late).status]).toEqual([504, 'DEADLINE_EXCEEDED']);
    });

    it.each(['-1', 'soon', '1s', ''])('X-Server-Timeout %j: 400', async (timeout) => {
      expect(
        (await gateway.ask('GET', '/v1/things/a', { headers: { 'x-server-timeout': timeout } })).status,
      ).toBe(400);
    });

    it('cannot be any header', () => {
      for (const name of ['grpc-timeout', 'Host', 'Content-Length', ':path', 'a b', '']) {
        expect(() => createGateway({ target: 'localhost:1', headers: [name] })).toThrow(TypeError);
      }
    });
  });

  describe('limits', () => {
    it('a URL of more than 8 KiB: 414', async () => {
      const path = (length: number) => `/v1/things/${'a'.repeat(length - 11)}`;
      expect((await gateway.ask('GET', path(8192))).status).toBe(200);
      for (const length of [8193, 20_000]) {
        const answer = await gateway.ask('GET', path(length));
        expect([answer.status, errorOf(answer).code]).toEqual([414, 414]);
      }
    });

    it('headers of more than 16 KiB: 431', async () => {
      for (const length of [17_000, 100_000]) {
        const answer = await gateway.ask('GET', '/v1/things/a', {
          headers: { 'x-long': 'a'.repeat(length) },
        });
        expect([answer.status, errorOf(answer).code]).toEqual([431, 431]);
      }
      const fitting = { 'x-long': 'a'.repeat(16_000) };
      expect((await gateway.ask('GET', '/v1/things/a', { headers: fitting })).status).toBe(200);
    });

    it('a body of more than 4 MiB: 413, told before or only found out', async () => {
      const body = (length: number) => JSON.stringify({ nothing: 'a'.repeat(length - 14) });
      expect((await gateway.ask('POST', '/v1/things', { body: body(4 * 1024 * 1024) })).status).toBe(200);
      const told = await gateway.ask('POST', '/v1/things', { body: body(4 * 1024 * 1024 + 1) });
      expect([told.status, errorOf(told).code, told.headers.connection]).toEqual([413, 413, 'close']);
      const chunk = `100000\r\n${'a'.repeat(0x100000)}\r\n`;
      const sent = head('POST /v1/things', 'content-type: application/json', 'transfer-encoding: chunked');
      expect(statuses(await gateway.raw(`${sent}${chunk.repeat(6)}0\r\n\r\n`))).toEqual([413]);
    });

    it('a body that does not come: 408', async () => {
      const clock = manualClock();
      await using slow = await serveGateway({ target: things.target, descriptors, clock });
      const answer = slow.raw(
        `${head('POST /v1/things', 'content-length: 100', 'content-type: application/json')}{"a"`,
      );
      await clock.whenArmed(1);
      await clock.advance(30_000);
      await clock.advance(1000);
      expect(await answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*connection: close[\s\S]*"code":408/i);
    });

    it('headers that do not come: 408', async () => {
      await using slow = await serveGateway({
        target: things.target,
        descriptors,
        limits: { arrivalMs: 100 },
      });
      expect(await slow.raw('GET /v1/things/a HTTP/1.1\r\nhost: x\r\nx-sl')).toMatch(
        /^HTTP\/1\.1 408 [\s\S]*"code":408/,
      );
    });

    it('a body that is cut off is no request', async () => {
      const calls = things.calls.length;
      const socket = connect(gateway.port, '127.0.0.1');
      socket.write(`${head('POST /v1/things', 'content-length: 100')}{"name"`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.destroy();
      expect((await gateway.ask('GET', '/v1/things/a')).status).toBe(200);
      expect(things.calls).toHaveLength(calls + 1);
    });

    it.each([
      ['text/plain', 415],
      ['application/x-www-form-urlencoded', 415],
      ['application/json; charset=latin1', 415],
      ['', 415],
      ['application/json; charset=UTF-8', 200],
      ['application/merge-patch+json', 200],
    ])('content-type %j: %i', async (type, status) => {
      const answer = await gateway.ask('POST', '/v1/things', {
        body: '{}',
        headers: { 'content-type': type },
      });
      expect(answer.status).toBe(status);
    });

    it('a compressed body: 415; a body of no type is JSON; a type without a body does not matter', async () => {
      const compressed = { headers: { 'content-encoding': 'gzip' }, body: '{}' };
      expect((await gateway.ask('POST', '/v1/things', compressed)).status).toBe(415);
      expect(
        (await gateway.ask('GET', '/v1/things/a', { headers: { 'content-type': 'text/plain' } })).status,
      ).toBe(200);
      const untyped = head('POST /v1/things', 'content-length: 2', 'connection: close');
      expect(statuses(await gateway.raw(`${untyped}{}`))).toEqual([200]);
    });

    it('a body that is no UTF-8: 400', async () => {
      const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
      expect((await gateway.ask('POST', '/v1/things', { body })).status).toBe(400);
    });

    it('what is no HTTP: 400', async () => {
      expect(await gateway.raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":400/);
    });
  });

  describe('connections', () => {
    it('carry one request after another, also after an error with its body unread', async () => {
      const requests = [
        head('GET /v1/things/a'),
        `${head('POST /nothing', 'content-length: 5')}abcde`,
        `${head('POST /v1/things', 'content-length: 12')}{"name":"x"}`,
        head('GET /v1/things/b', 'connection: close'),
      ];
      expect(statuses(await gateway.raw(requests.join('')))).toEqual([200, 404, 200, 200]);
    });

    it('answer pipelined requests in their order', async () => {
      const waiting: (() => void)[] = [];
      things.answer = () => new Promise((resolve) => waiting.unshift(() => resolve(undefined)));
      const paths = Array.from({ length: 20 }, (_, index) => `/v1/things/${index}`);
      const last = paths.length - 1;
      const sent = paths.map((path, index) =>
        head(`GET ${path}`, ...(index === last ? ['connection: close'] : [])),
      );
      const answer = gateway.raw(sent.join(''));
      await until(() => waiting.length === paths.length);
      for (const finish of waiting) finish();
      expect(Array.from((await answer).matchAll(/"things\/(\d+)"/g), ([, id]) => Number(id))).toEqual(
        paths.map((_, index) => index),
      );
    });

    it('that end cancel the calls of all their requests', async () => {
      things.answer = () => new Promise(() => {});
      const before = things.calls.length;
      const socket = connect(gateway.port, '127.0.0.1');
      socket.write(head('GET /v1/things/a').repeat(3));
      await until(() => things.calls.length === before + 3);
      const cancelled = things.calls
        .slice(before)
        .map(({ call }) => new Promise((resolve) => call.once('cancelled', resolve)));
      socket.destroy();
      await Promise.all(cancelled);
    });
  });

  describe('CORS', () => {
    const origin = 'https://console.example.com';
    const preflight = {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };

    it('is not, unless asked for', async () => {
      const answer = await gateway.ask('OPTIONS', '/v1/things', { headers: preflight });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect((await gateway.ask('GET', '/v1/things/a', { headers: { origin } })).headers).not.toHaveProperty(
        'access-control-allow-origin',
      );
    });

    it('answers pages of the origins that are named', async () => {
      await using open = await serveGateway({
        target: things.target,
        descriptors,
        cors: { origins: [origin] },
      });
      const asked = await open.ask('OPTIONS', '/v1/things', { headers: preflight });
      expect([asked.status, asked.headers]).toMatchObject([
        204,
        {
          'access-control-allow-origin': origin,
          'access-control-allow-methods': 'OPTIONS, POST',
          'access-control-allow-headers': 'authorization',
          vary: 'origin',
        },
      ]);
      const error = await open.ask('GET', '/v1/nothing', { headers: { origin } });
      expect(error.headers['access-control-allow-origin']).toBe(origin);
      const other = await open.ask('OPTIONS', '/v1/things', {
        headers: { ...preflight, origin: 'https://evil.example' },
      });
      expect([other.status, other.headers['access-control-allow-origin']]).toEqual([204, undefined]);
    });

    it('answers all pages where all may ask', async () => {
      await using open = await serveGateway({ target: things.target, descriptors, cors: { origins: '*' } });
      expect(
        (await open.ask('GET', '/v1/things/a', { headers: { origin } })).headers[
          'access-control-allow-origin'
        ],
      ).toBe('*');
      const touch = await open.ask('OPTIONS', '/v1/things/a:touch', { headers: preflight });
      expect([touch.status, touch.headers['access-control-allow-methods']]).toEqual([204, 'POST']);
    });
  });

  describe('createGateway', () => {
    it('takes a channel, which stays open', async () => {
      const client = new Client(things.target, credentials.createInsecure());
      await using other = await serveGateway({ channel: client.getChannel(), descriptors });
      expect((await other.ask('GET', '/v1/things/a')).status).toBe(200);
      other.gateway.close();
      expect((await other.ask('GET', '/v1/things/a')).status).toBe(503);
      expect(() => client.getChannel().getConnectivityState(false)).not.toThrow();
      expect(client.getChannel().getConnectivityState(false)).not.toBe(4);
      client.close();
    });

    it('takes rules of a service configuration', async () => {
      const text = 'http: { rules: [{ selector: acme.things.v1.Things.GetThing, get: "/v9/{name=**}" }] }';
      const serviceConfig = { file: 'things.yaml', text };
      await using other = await serveGateway({ target: things.target, descriptors, serviceConfig });
      expect((await other.ask('GET', '/v9/things/a/b')).json).toEqual({ name: 'things/a/b' });
      expect((await other.ask('GET', '/v1/things/a')).status).toBe(405);
    });

    it('refuses bytes that are no descriptors', () => {
      expect(() => createGateway({ target: 'localhost:1', descriptors: Buffer.from('no') })).toThrow(
        /no whole FileDescriptorSet/,
      );
    });

    it('tells no client of a fault of its own, but the log', async () => {
      const logged: unknown[] = [];
      const logger = { error: (facts: object) => logged.push(facts) };
      const fault = new Error('secret');
      const annotated = createGateway({ target: things.target, descriptors, logger });
      annotated.close();
      const clock = {
        now: () => 0,
        setTimer: () => {
          throw fault;
        },
      };
      await using broken = await serveGateway({ target: things.target, descriptors, logger, clock });
      const answer = await broken.ask('POST', '/v1/things', { body: {} });
      expect([answer.status, errorOf(answer).status]).toEqual([500, 'UNKNOWN']);
      expect(answer.text).not.toContain('secret');
      expect(logged).toEqual([{ err: fault }]);
    });

    it('takes what middleware has read', async () => {
      const { createServer } = await import('node:http');
      const listener = createGateway({ target: things.target, descriptors });
      const server = createServer(async (request, response) => {
        const chunks = await request.toArray();
        listener(Object.assign(request, { body: JSON.parse(Buffer.concat(chunks).toString()) }), response);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      const headers = { 'content-type': 'application/json', connection: 'close' };
      const answer = await fetch(`http://127.0.0.1:${port}/v1/things`, {
        method: 'POST',
        headers,
        body: '{"name":"x"}',
      });
      expect(await answer.json()).toEqual({ name: 'x' });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      listener.close();
    });

    it('keeps answering when a service fails', async () => {
      things.answer = () => Promise.reject(new StatusError(Code.UNAVAILABLE, 'away'));
      expect((await gateway.ask('GET', '/v1/things/a')).status).toBe(503);
      things.answer = () => undefined;
      expect((await gateway.ask('GET', '/v1/things/a')).status).toBe(200);
    });
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
