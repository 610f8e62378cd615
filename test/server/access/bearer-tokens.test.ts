import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { importError } from '../../../src/core/optional-package.js';
import { StatusError } from '../../../src/core/status.js';
import type { Claims } from '../../../src/server/access/token-verifier.js';
import { type BearerOptions, bearerTokens, createOperations } from '../../../src/server/index.js';
import { manualClock } from '../../../src/testing/clock/manual-clock.js';

const ISSUER = 'https://accounts.example.com';
const AUDIENCE = 'reports';

interface SigningKey {
  readonly kid: string;
  readonly sign: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  readonly public: JWK;
}

async function signingKey(kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { kid, sign: privateKey, public: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
}

/** A key server that can be away. */
async function keyServer(keys: JWK[]) {
  const state = { keys, away: false, asked: 0 };
  const server = createServer((_request, response) => {
    state.asked++;
    response.setHeader('connection', 'close');
    response.statusCode = state.away ? 503 : 200;
    response.end(JSON.stringify({ keys: state.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    state,
    jwksUri: `http://127.0.0.1:${port}/jwks`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('bearerTokens', () => {
  const clock = manualClock();
  const seconds = () => Math.floor(clock.now() / 1000);
  let key: SigningKey;
  let other: SigningKey;
  const logged: unknown[] = [];
  const logger = { error: (facts: unknown) => logged.push(facts) };

  beforeAll(async () => {
    key = await signingKey('first');
    other = await signingKey('second');
  });
  afterAll(() => {
    logged.length = 0;
  });

  const token = (claims: object = {}, by: SigningKey = key) =>
    new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: '1', exp: seconds() + 60, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: by.kid })
      .sign(by.sign);
  const authentication = (options: Partial<BearerOptions> = {}) =>
    bearerTokens({
      ...(options.jwksUri === undefined && { keys: [key.public] }),
      issuer: ISSUER,
      audience: AUDIENCE,
      clock,
      logger,
      ...options,
    } as BearerOptions);
  /** Caller of the token, or the reason of its rejection. */
  async function ask(authenticate: ReturnType<typeof authentication>, authorization?: string) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    try {
      const access = await authenticate({ method: '/s/m', name: 'n', headers, peer: 'p', caller: {} });
      return access?.caller;
    } catch (error) {
      const status = StatusError.from(error);
      return { code: status.code, reason: status.detail(ErrorInfo)?.reason, message: status.message };
    }
  }

  it('returns principal, members and scopes of a valid token', async () => {
    const authenticate = authentication({ members: ({ team }: Claims) => [`group:${team}`] });
    const claims = { email: 'ada@example.com', email_verified: true, groups: ['x'], scope: 'a b', team: 't' };
    expect(await ask(authenticate, `Bearer ${await token(claims)}`)).toEqual({
      principal: 'principal://accounts.example.com/subject/1',
      members: ['principal://accounts.example.com/subject/1', 'user:ada@example.com', 'group:x', 'group:t'],
      scopes: ['a', 'b'],
    });
    const robot = { email: 'r@p.iam.gserviceaccount.com', email_verified: true, scp: ['c'], sub: 'a/b' };
    expect(await ask(authenticate, `bearer ${await token(robot)}`)).toMatchObject({
      principal: 'principal://accounts.example.com/subject/a%2Fb',
      members: expect.arrayContaining(['serviceAccount:r@p.iam.gserviceaccount.com']),
      scopes: ['c'],
    });
  });

  it.each<[object, readonly string[]]>([
    [{ scope: ' a  b ' }, ['a', 'b']],
    [{ scope: '' }, []],
    [{ scp: 'a b' }, ['a', 'b']],
    [{ scope: ['a', 5, 'b'] }, ['a', 'b']],
    [{ scope: 'a', scp: ['b'] }, ['a']],
    [{ scope: 5 }, []],
    [{}, []],
  ])('reads the scopes of %j', async (claims, scopes) => {
    expect(await ask(authentication(), `Bearer ${await token(claims)}`)).toMatchObject({ scopes });
  });

  it.each<[object, readonly string[]]>([
    [{ groups: ['a', {}, 'b'] }, ['group:a', 'group:b']],
    [{ groups: 'a' }, []],
    [{ email: 'ada@example.com', email_verified: 'true' }, []],
    [{ email: 5, email_verified: true }, []],
  ])('reads the members of %j', async (claims, members) => {
    const principal = 'principal://accounts.example.com/subject/1';
    const caller = await ask(authentication(), `Bearer ${await token(claims)}`);
    expect(caller).toMatchObject({ members: [principal, ...members] });
  });

  it('ignores emails that the issuer has not verified', async () => {
    const caller = await ask(authentication(), `Bearer ${await token({ email: 'ada@example.com' })}`);
    expect(caller).toMatchObject({ members: ['principal://accounts.example.com/subject/1'] });
  });

  it('a call without a token: UNAUTHENTICATED, or left to the next step (contract 31)', async () => {
    expect(await ask(authentication())).toMatchObject({ code: 16, reason: 'CREDENTIALS_MISSING' });
    expect(await ask(authentication({ anonymous: 'allow' }))).toBeUndefined();
    const optional = authentication({ anonymous: 'allow' });
    expect(await ask(optional, 'Bearer junk')).toMatchObject({ code: 16, reason: 'ACCESS_TOKEN_INVALID' });
    expect(await ask(optional, 'Basic YTpi')).toMatchObject({ reason: 'ACCESS_TOKEN_TYPE_UNSUPPORTED' });
  });

  it.each([
    ['expired', { exp: -60 }, 'ACCESS_TOKEN_EXPIRED', /expired/],
    ['not valid yet', { nbf: 60 }, 'ACCESS_TOKEN_INVALID', /not valid yet/],
    ['of another issuer', { iss: 'https://evil.example.com' }, 'ACCESS_TOKEN_INVALID', /"iss"/],
    ['for another audience', { aud: 'others' }, 'ACCESS_TOKEN_INVALID', /"aud"/],
    ['without an audience', { aud: undefined }, 'ACCESS_TOKEN_INVALID', /"aud"/],
    ['without a subject', { sub: undefined }, 'ACCESS_TOKEN_INVALID', /"sub"/],
    ['with an empty subject', { sub: '' }, 'ACCESS_TOKEN_INVALID', /empty subject/],
    ['with a list as subject', { sub: ['1'] }, 'ACCESS_TOKEN_INVALID', /"sub"/],
    ['with an object as subject', { sub: { id: 1 } }, 'ACCESS_TOKEN_INVALID', /"sub"/],
    ['with true as subject', { sub: true }, 'ACCESS_TOKEN_INVALID', /"sub"/],
    ['with null as subject', { sub: null }, 'ACCESS_TOKEN_INVALID', /"sub"/],
    ['with a lone surrogate in its subject', { sub: 'a\ud83d' }, 'ACCESS_TOKEN_INVALID', /"sub"/],
    ['that never expires', { exp: undefined }, 'ACCESS_TOKEN_INVALID', /"exp"/],
  ])('a token %s: UNAUTHENTICATED', async (_what, given, reason, message) => {
    const times = Object.entries(given).map(([claim, value]) => [
      claim,
      typeof value === 'number' ? seconds() + value : value,
    ]);
    const answer = await ask(authentication(), `Bearer ${await token(Object.fromEntries(times))}`);
    expect(answer).toMatchObject({ code: 16, reason, message: expect.stringMatching(message) });
  });

  it('allows for clocks that differ by 30 s', async () => {
    const authenticate = authentication();
    for (const claims of [{ exp: seconds() - 20 }, { nbf: seconds() + 20 }]) {
      expect(await ask(authenticate, `Bearer ${await token(claims)}`)).toHaveProperty('principal');
    }
    const strict = authentication({ clockToleranceMs: 0 });
    expect(await ask(strict, `Bearer ${await token({ exp: seconds() - 1 })}`)).toMatchObject({ code: 16 });
  });

  it('rejects tokens that are unsigned, forged or signed by a secret: alg none, HS256, another key', async () => {
    const authenticate = authentication();
    const claims = { iss: ISSUER, aud: AUDIENCE, sub: '1', exp: seconds() + 60 };
    const secret = new TextEncoder().encode(JSON.stringify(key.public));
    const [head = '', , signature = ''] = (await token()).split('.');
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url');
    for (const bad of [
      new UnsecuredJWT(claims).encode(),
      await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: key.kid }).sign(secret),
      await token({}, { ...other, kid: key.kid }),
      await token({}, other),
      `${head}.${forged}.${signature}`,
      'a.b.c',
      '..',
      'x',
    ]) {
      expect(await ask(authenticate, `Bearer ${bad}`)).toMatchObject({
        code: 16,
        reason: expect.stringMatching(/^ACCESS_TOKEN_/),
      });
    }
  });

  it('fetches the keys again for an unknown key, because keys may be replaced', async () => {
    await using server = await keyServer([key.public]);
    const authenticate = authentication({ jwksUri: server.jwksUri, keysCooldownMs: 0 });
    expect(await ask(authenticate, `Bearer ${await token()}`)).toHaveProperty('principal');
    expect(server.state.asked).toBe(1);
    server.state.keys = [other.public];
    expect(await ask(authenticate, `Bearer ${await token({}, other)}`)).toHaveProperty('principal');
    expect(server.state.asked).toBe(2);
    expect(await ask(authenticate, `Bearer ${await token()}`)).toMatchObject({ code: 16 });
  });

  it('tokens of unknown keys do not flood the key server', async () => {
    await using server = await keyServer([key.public]);
    const authenticate = authentication({ jwksUri: server.jwksUri });
    for (let count = 0; count < 5; count++) {
      expect(await ask(authenticate, `Bearer ${await token({}, other)}`)).toMatchObject({ code: 16 });
    }
    expect(server.state.asked).toBe(1);
  });

  it('keys that cannot be fetched: UNAVAILABLE, logged once, until they can be fetched again', async () => {
    await using server = await keyServer([key.public]);
    server.state.away = true;
    logged.length = 0;
    const authenticate = authentication({ jwksUri: server.jwksUri });
    const good = `Bearer ${await token()}`;
    for (let count = 0; count < 3; count++) {
      expect(await ask(authenticate, good)).toMatchObject({ code: 14, reason: 'KEYS_UNAVAILABLE' });
    }
    expect(logged).toHaveLength(1);
    expect(await ask(authenticate, 'Bearer junk')).toMatchObject({ code: 16 });
    server.state.away = false;
    await clock.advance(1000);
    expect(await ask(authenticate, good)).toHaveProperty('principal');
  });

  it.each([
    ['fails', { away: true }],
    ['answers with something other than a key set', { keys: 'none' as unknown as JWK[] }],
  ])('a key server that %s is polled with backoff, regardless of the tokens', async (_what, failure) => {
    await using server = await keyServer([key.public]);
    Object.assign(server.state, failure);
    const authenticate = authentication({ jwksUri: server.jwksUri });
    const forged = `Bearer ${await token({}, other)}`;
    const flood = () => Promise.all(Array.from({ length: 50 }, () => ask(authenticate, forged)));
    for (const [index, pauseMs] of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].entries()) {
      expect(await flood()).toEqual(Array(50).fill(expect.objectContaining({ code: 14 })));
      expect(await flood()).toEqual(Array(50).fill(expect.objectContaining({ code: 14 })));
      expect(server.state.asked).toBe(index + 1);
      await clock.advance(pauseMs);
    }
  });

  it('a second outage of the key server is logged again, and its backoff restarts', async () => {
    await using server = await keyServer([key.public]);
    server.state.away = true;
    logged.length = 0;
    const authenticate = authentication({ jwksUri: server.jwksUri, keysCooldownMs: 10_000 });
    const now = jest.spyOn(Date, 'now');
    const start = Date.now();
    try {
      const [good, forged] = [`Bearer ${await token()}`, `Bearer ${await token({}, other)}`];
      for (const pauseMs of [1000, 2000, 4000]) {
        expect(await ask(authenticate, good)).toMatchObject({ code: 14 });
        await clock.advance(pauseMs);
      }
      server.state.away = false;
      expect(await ask(authenticate, good)).toHaveProperty('principal');
      expect([server.state.asked, logged.length]).toEqual([4, 1]);
      server.state.away = true;
      now.mockImplementation(() => start + 60_000);
      for (const asked of [5, 6]) {
        expect(await ask(authenticate, forged)).toMatchObject({ code: 14 });
        expect(await ask(authenticate, forged)).toMatchObject({ code: 14 });
        expect([server.state.asked, logged.length]).toEqual([asked, 2]);
        await clock.advance(1000);
      }
    } finally {
      now.mockRestore();
    }
  });

  it('a key server that fails later does not affect tokens with known keys, which do not end the backoff', async () => {
    await using server = await keyServer([key.public]);
    const authenticate = authentication({ jwksUri: server.jwksUri, keysCooldownMs: 1000 });
    const now = jest.spyOn(Date, 'now');
    try {
      const [good, forged] = [`Bearer ${await token()}`, `Bearer ${await token({}, other)}`];
      expect(await ask(authenticate, good)).toHaveProperty('principal');
      // The cooldown of `jose` goes by the time of the machine.
      const start = Date.now();
      now.mockImplementation(() => start + 2000);
      server.state.away = true;
      for (let count = 0; count < 20; count++) {
        expect(await ask(authenticate, forged)).toMatchObject({ code: 14, reason: 'KEYS_UNAVAILABLE' });
        expect(await ask(authenticate, good)).toHaveProperty('principal');
      }
      expect(server.state.asked).toBe(2);
    } finally {
      now.mockRestore();
    }
  });

  it.each([
    [{ issuer: '' }, /issuer is missing/],
    [{ audience: [] }, /audience is missing/],
    [{ algorithms: ['none'] }, /option algorithms has "none"/],
    [{ algorithms: ['HS256'] }, /option algorithms has "HS256"/],
    [{ keys: undefined }, /either jwksUri or keys/],
    [{ keys: undefined, jwksUri: 'http://accounts.example.com/jwks' }, /must begin with https/],
    [{ keys: undefined, jwksUri: 'jwks' }, /must begin with https/],
  ])('rejects options that would accept any token: %j', (options, message) => {
    expect(() => authentication(options as Partial<BearerOptions>)).toThrow(message);
  });

  it('reports unusable keys at ready(); until then calls fail without a reason', async () => {
    const authenticate = authentication({ keys: ['no key'] as never });
    const operations = createOperations({ methods: [], authorize: authenticate });
    await expect(operations.ready()).rejects.toThrow('JSON Web Key Set malformed');
    await operations.close();
    await expect(
      authenticate({
        method: '/s/m',
        name: 'n',
        headers: { authorization: 'Bearer x' },
        peer: 'p',
        caller: {},
      }),
    ).rejects.toThrow(/^tokens cannot be verified: see the cause$/);
  });

  it('names the package to install if it is missing', async () => {
    const absent = await import('no-such-package' as string).catch((error) => error);
    const missing = { name: 'no-such-package', neededBy: 'it', install: 'no-such-package' };
    expect(importError(missing, absent)).toMatchObject({
      message: expect.stringContaining('npm install no-such-package'),
    });
  });
});
