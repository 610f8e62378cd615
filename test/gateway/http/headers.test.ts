import { describe, expect, it } from '@jest/globals';
import { createGateway } from '../../../src/gateway/index.js';
import { errorOf, head, statuses } from '../http-text.js';
import { servedThings, WAYS } from '../served-things.js';

describe.each(WAYS)('gateway %s › headers (rule 9)', (_, serve) => {
  const served = servedThings(serve);

  it('become metadata: authorization, traceparent, x-goog-* and the configured ones', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { authorization: 'Bearer t', traceparent, 'x-goog-api-client': 'a b', 'x-tenant': 't' };
    await served.gateway.ask('GET', '/v1/things/a', {
      headers: { ...headers, cookie: 'c', 'x-other': 'o', 'x-goog-bytes-bin': 'AAE=' },
    });
    const { metadata } = served.things.calls.at(-1) ?? {};
    expect(metadata).toMatchObject({ ...headers, 'x-goog-bytes-bin': Buffer.from([0, 1]) });
    expect(Object.keys(metadata ?? {})).not.toEqual(expect.arrayContaining(['cookie']));
    expect(metadata).not.toHaveProperty('x-other');
  });

  it('include the address of the client, behind any proxies', async () => {
    const forwarded = async (headers = {}) => {
      await served.gateway.ask('GET', '/v1/things/a', { headers });
      return served.things.calls.at(-1)?.metadata['x-forwarded-for'];
    };
    expect(await forwarded()).toBe('127.0.0.1');
    expect(await forwarded({ 'x-forwarded-for': '192.0.2.1, 192.0.2.7' })).toBe(
      '192.0.2.1, 192.0.2.7, 127.0.0.1',
    );
  });

  it('rejects headers that gRPC cannot carry: 400', async () => {
    expect((await served.gateway.ask('GET', '/v1/things/a', { headers: { 'x-goog-x': 'é' } })).status).toBe(
      400,
    );
  });

  it('are returned: x-goog-* and the configured ones, from trailers too', async () => {
    const answer = await served.gateway.ask('GET', '/v1/things/a');
    expect(answer.headers['x-goog-trailer']).toBe('end');
    expect(answer.headers).not.toHaveProperty('x-secret');
  });

  it('returns the request id, with errors too', async () => {
    const headers = { 'x-request-id': 'r-1' };
    expect((await served.gateway.ask('GET', '/v1/things/a', { headers })).headers['x-request-id']).toBe(
      'r-1',
    );
    expect((await served.gateway.ask('GET', '/nothing', { headers })).headers['x-request-id']).toBe('r-1');
    expect((await served.gateway.ask('GET', '/v1/things/a')).headers).not.toHaveProperty('x-request-id');
  });

  it('X-Server-Timeout sets the deadline', async () => {
    const before = Date.now();
    await served.gateway.ask('GET', '/v1/things/a', { headers: { 'x-server-timeout': '12.5' } });
    const { deadline = 0 } = served.things.calls.at(-1) ?? {};
    expect(deadline).toBeGreaterThan(before + 12_000);
    expect(deadline).toBeLessThan(Date.now() + 12_600);
    served.things.answer = () => new Promise(() => {});
    const late = await served.gateway.ask('GET', '/v1/things/a', { headers: { 'x-server-timeout': '0.05' } });
    expect([late.status, errorOf(late).status]).toEqual([504, 'DEADLINE_EXCEEDED']);
  });

  it('X-Server-Timeout of zero: 504 without calling the service', async () => {
    const before = served.things.calls.length;
    const answer = await served.gateway.ask('GET', '/v1/things/a', { headers: { 'x-server-timeout': '0' } });
    expect([answer.status, errorOf(answer).status]).toEqual([504, 'DEADLINE_EXCEEDED']);
    expect(served.things.calls).toHaveLength(before);
  });

  it.each(['-1', 'soon', '1s', ''])('X-Server-Timeout %j: 400', async (timeout) => {
    expect(
      (await served.gateway.ask('GET', '/v1/things/a', { headers: { 'x-server-timeout': timeout } })).status,
    ).toBe(400);
  });

  it.each([
    ['no host', 'GET /v1/things/a HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['two hosts', head('GET /v1/things/a', 'connection: close', 'Host: y'), 400],
    ['no host, as HTTP/1.0 may', 'GET /v1/things/a HTTP/1.0\r\n\r\n', 200],
  ])('%s', async (_, request, status) => {
    const answer = await served.gateway.raw(request);
    expect(statuses(answer)).toEqual([status]);
    if (status !== 200) expect(answer).toContain(`{"error":{"code":${status},`);
  });

  it('rejects names of reserved or malformed headers', () => {
    for (const name of ['grpc-timeout', 'Host', 'Content-Length', ':path', 'a b', '']) {
      expect(() => createGateway({ target: 'localhost:1', headers: [name] })).toThrow(TypeError);
    }
  });
});
