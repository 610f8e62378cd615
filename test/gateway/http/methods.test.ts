import { describe, expect, it } from '@jest/globals';
import { errorOf, head, statuses } from '../http-text.js';
import { servedThings, WAYS } from '../served-things.js';

describe.each(WAYS)('gateway %s › methods and paths (rules 3 to 6)', (_, serve) => {
  const served = servedThings(serve);

  it('a path that exists for other methods only: 405 with Allow', async () => {
    const answer = await served.gateway.ask('POST', '/v1/things/a', { body: {} });
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
    const answer = await served.gateway.ask('GET', path);
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
    const answer = await served.gateway.ask('GET', path);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' });
  });

  it.each(['PUT', 'put'])('POST with X-HTTP-Method-Override: %s is routed as that method', async (method) => {
    const answer = await served.gateway.ask('POST', '/v1/things/a', {
      headers: { 'x-http-method-override': method },
      body: { small: 1 },
    });
    expect([answer.status, answer.json]).toEqual([200, { name: 'things/a', small: 1 }]);
  });

  it.each(['HEAD', 'OPTIONS', 'CONNECT', 'PURGE', ''])(
    'X-HTTP-Method-Override: %j is not an allowed override: 400',
    async (method) => {
      const headers = { 'x-http-method-override': method };
      const answer = await served.gateway.ask('POST', '/v1/things/a', { headers, body: {} });
      expect(answer.status).toBe(400);
      expect(errorOf(answer).message).toMatch(
        /^header "x-http-method-override" is ".*": use one of DELETE, GET,/,
      );
    },
  );

  it('ignores X-HTTP-Method-Override unless the method is POST', async () => {
    const headers = { 'x-http-method-override': 'DELETE' };
    expect((await served.gateway.ask('GET', '/v1/things/a', { headers })).json).toEqual({ name: 'things/a' });
  });

  it('bytes that are invalid in a URL: 400', async () => {
    const answer = await served.gateway.raw(
      Buffer.from(head('GET /v1/things/\xe9', 'connection: close'), 'latin1'),
    );
    expect(statuses(answer)).toEqual([400]);
  });

  it('a fragment, which proxies cut off: 400', async () => {
    expect((await served.gateway.ask('GET', '/v1/things/a#b')).status).toBe(400);
  });

  it('keeps an escaped slash inside one segment', async () => {
    expect((await served.gateway.ask('GET', '/v1/things/a%2Fb')).json).toEqual({ name: 'things/a%2Fb' });
  });

  it('routes a URL in absolute form by its path', async () => {
    expect((await served.gateway.ask('GET', `http://example.com/v1/things/a?small=1`)).json).toEqual({
      name: 'things/a',
      small: 1,
    });
  });

  it('routes a URL in absolute form without a path as /', async () => {
    const answer = await served.gateway.ask('GET', 'http://example.com?small=1');
    expect([answer.status, errorOf(answer).message]).toEqual([
      404,
      expect.stringContaining('GET "/?small=1"'),
    ]);
  });

  it('OPTIONS *: 204', async () => {
    expect((await served.gateway.ask('OPTIONS', '*')).status).toBe(204);
  });

  it('HEAD is GET without the body', async () => {
    const [get, answer] = [
      await served.gateway.ask('GET', '/v1/things/a'),
      await served.gateway.ask('HEAD', '/v1/things/a'),
    ];
    expect([answer.status, answer.text, answer.headers['content-length']]).toEqual([
      200,
      '',
      get.headers['content-length'],
    ]);
    const missing = await served.gateway.ask('HEAD', '/v1/nothing');
    expect([missing.status, missing.text]).toEqual([404, '']);
  });

  it('OPTIONS answers 204 with Allow', async () => {
    const answer = await served.gateway.ask('OPTIONS', '/v1/things');
    expect([answer.status, answer.headers.allow, answer.text]).toEqual([204, 'OPTIONS, POST', '']);
    expect((await served.gateway.ask('OPTIONS', '/v1/nothing')).status).toBe(404);
  });

  it('a rule for any method matches every method', async () => {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      expect((await served.gateway.ask(method, '/v1/things/a:touch')).status).toBe(200);
    }
  });

  it('streaming methods have no routes', async () => {
    expect((await served.gateway.ask('GET', '/v1/things:watch')).status).toBe(404);
  });
});
