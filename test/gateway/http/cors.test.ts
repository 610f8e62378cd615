import { describe, expect, it } from '@jest/globals';
import { servedThings, WAYS } from '../served-things.js';

describe.each(WAYS)('gateway %s › CORS', (_, serve) => {
  const served = servedThings(serve);

  const origin = 'https://console.example.com';
  const preflight = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization',
  };

  it('is off by default', async () => {
    const answer = await served.gateway.ask('OPTIONS', '/v1/things', { headers: preflight });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(
      (await served.gateway.ask('GET', '/v1/things/a', { headers: { origin } })).headers,
    ).not.toHaveProperty('access-control-allow-origin');
  });

  it('answers pages of the allowed origins', async () => {
    await using open = await served.serve({
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

  it('answers all pages if every origin is allowed', async () => {
    await using open = await served.serve({ cors: { origins: '*' } });
    expect(
      (await open.ask('GET', '/v1/things/a', { headers: { origin } })).headers['access-control-allow-origin'],
    ).toBe('*');
    const touch = await open.ask('OPTIONS', '/v1/things/a:touch', { headers: preflight });
    expect([touch.status, touch.headers['access-control-allow-methods']]).toEqual([204, 'POST']);
  });
});
