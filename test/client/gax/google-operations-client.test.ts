import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { OAuth2Client } from 'google-auth-library-9';
import {
  type GoogleCredentials,
  type GoogleOperationsClientOptions,
  googleOperationsClient,
} from '../../../src/client/gax/index.js';
import type { OperationsClient } from '../../../src/client/operations/operations-client.js';
import { expectKitError, rejection } from '../../../src/conformance/kit-error.js';
import { Code, type StatusError } from '../../../src/core/status.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { type GoogleServer, startGoogleServer, TLS } from './google-server.js';

const NAME = 'projects/p/locations/l/operations/unknown';

const opened = closeAfterEach();

type Setup = Partial<GoogleOperationsClientOptions>;

async function plain(options: Setup): Promise<{ server: GoogleServer; client: OperationsClient }> {
  const server = await startGoogleServer();
  return withClient(server, { apiEndpoint: `127.0.0.1:${server.port}`, ...options });
}

async function secure(options: Setup): Promise<{ server: GoogleServer; client: OperationsClient }> {
  const server = await startGoogleServer({ tls: true });
  return withClient(server, { apiEndpoint: `localhost:${server.port}`, tls: { ca: TLS.ca }, ...options });
}

function withClient(server: GoogleServer, options: GoogleOperationsClientOptions) {
  const client = googleOperationsClient(options);
  opened(server, client);
  return { server, client };
}

/** Returns distinguishable tokens. */
function tokens(
  more: Record<string, string> = {},
): GoogleCredentials & { readonly urls: (string | undefined)[] } {
  const urls: (string | undefined)[] = [];
  return {
    urls,
    async getRequestHeaders(url) {
      urls.push(url);
      return new Headers({ authorization: `Bearer token-${urls.length}`, ...more });
    },
  };
}

/** Calls for a missing operation. The error proves that the server received the call. */
const asks = async (client: OperationsClient) =>
  expect(await rejection(client.getOperation({ name: NAME }))).toMatchObject({ code: Code.NOT_FOUND });

describe('googleOperationsClient', () => {
  it('sends the headers of the credentials over TLS, fetched for every call', async () => {
    const auth = tokens({ 'x-goog-user-project': 'theirs' });
    const { server, client } = await secure({ auth });
    await asks(client);
    await asks(client);
    expect(server.calls.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
    expect(server.calls[0]?.headers).toMatchObject({
      'x-goog-request-params': `name=${encodeURIComponent(NAME)}`,
      'x-goog-user-project': 'theirs',
    });
    expect(auth.urls[0]).toBe(`https://localhost:${server.port}/google.longrunning.Operations`);
  });

  it('uses plain text on this machine, so that a test server receives the token', async () => {
    const { server, client } = await plain({ auth: tokens() });
    await asks(client);
    expect(server.calls[0]?.headers.authorization).toBe('Bearer token-1');
  });

  it('never uses plain text to other machines', async () => {
    const server = await startGoogleServer();
    const { client } = withClient(server, { apiEndpoint: `0.0.0.0:${server.port}`, auth: tokens() });
    const thrown = await rejection(client.getOperation({ name: NAME }, { timeoutMs: 1000 }));
    expect([Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED]).toContain((thrown as StatusError).code);
    expect(server.calls).toEqual([]);
  });

  it('quotaProject takes precedence over that of the credentials', async () => {
    const { server, client } = await plain({
      auth: tokens({ 'x-goog-user-project': 'theirs' }),
      quotaProject: 'mine',
    });
    await asks(client);
    expect(server.calls[0]?.headers['x-goog-user-project']).toBe('mine');
  });

  it('hides the token from interceptors of the caller', async () => {
    const seen: unknown[] = [];
    const { InterceptingCall } = await import('@grpc/grpc-js');
    const { client } = await plain({
      auth: tokens(),
      interceptors: [
        (options, nextCall) =>
          new InterceptingCall(nextCall(options), {
            start(metadata, listener, next) {
              seen.push(metadata.get('authorization'));
              next(metadata, listener);
            },
          }),
      ],
    });
    await asks(client);
    expect(seen).toEqual([[]]);
  });

  it('sends no credentials of another universe', async () => {
    const auth = { ...tokens(), getUniverseDomain: async () => 'example.com' };
    const { server, client } = await plain({ auth });
    await expectKitError(client.getOperation({ name: NAME }), Code.UNAUTHENTICATED, {
      reason: 'CREDENTIALS_UNAVAILABLE',
      message: /universe "example\.com", not "googleapis\.com"/,
    });
    expect(auth.urls).toEqual([]);
    expect(server.calls).toEqual([]);

    const there = await plain({ auth, universeDomain: 'example.com' });
    await asks(there.client);
  });

  it('reports why there are no credentials, and sends nothing', async () => {
    const auth = { getRequestHeaders: () => Promise.reject(new Error('no key file')) };
    const { server, client } = await plain({ auth });
    await expectKitError(client.getOperation({ name: NAME }), Code.UNAUTHENTICATED, {
      message: /no key file/,
    });
    expect(server.calls).toEqual([]);
  });

  it('retries after a temporary failure of the token server', async () => {
    let asked = 0;
    const good = tokens();
    const { client } = await plain({
      random: () => 0,
      auth: {
        getRequestHeaders: async (url) => {
          if (asked++ === 0) throw Object.assign(new Error('token server'), { code: 'ECONNREFUSED' });
          return good.getRequestHeaders(url);
        },
      },
    });
    expect(await rejection(client.operation(NAME).wait())).toMatchObject({ code: Code.NOT_FOUND });
    expect(asked).toBeGreaterThan(1);
  });

  it('works with a client of google-auth-library 9, whose headers are a plain object', async () => {
    const auth = new OAuth2Client();
    auth.setCredentials({ access_token: 'of version 9', expiry_date: Date.now() + 3_600_000 });
    expect(await auth.getRequestHeaders()).not.toBeInstanceOf(Headers);
    const { server, client } = await plain({ auth });
    await asks(client);
    expect(server.calls[0]?.headers).toMatchObject({ authorization: 'Bearer of version 9' });
  });

  it('accepts an object of headers, as of google-auth-library 9 and older', async () => {
    const auth = {
      getRequestHeaders: async () => ({ Authorization: 'Bearer old', 'x-goog-user-project': 'p' }),
    };
    const { server, client } = await plain({ auth });
    await asks(client);
    expect(server.calls[0]?.headers).toMatchObject({
      authorization: 'Bearer old',
      'x-goog-user-project': 'p',
    });
  });

  it.each([undefined, 'Bearer x', { authorization: 1 }])(
    'says so when getRequestHeaders resolves to no headers: %j',
    async (headers) => {
      const auth = { getRequestHeaders: async () => headers as unknown as Headers };
      const { server, client } = await plain({ auth });
      await expectKitError(client.getOperation({ name: NAME }), Code.UNAUTHENTICATED, {
        message: /getRequestHeaders resolved neither to Headers nor to an object/,
      });
      expect(server.calls).toEqual([]);
    },
  );

  it.each([{}, 'token', null])('rejects %j as auth, with advice', (auth) => {
    const make = () =>
      googleOperationsClient({ apiEndpoint: 'localhost:1', auth: auth as unknown as GoogleCredentials });
    expect(make).toThrow(/auth has no function getRequestHeaders: pass a GoogleAuth/);
  });

  it.each(['ENOTFOUND', 'ENETUNREACH', '429', '503'])(
    'a token server that fails with %s: UNAVAILABLE',
    async (code) => {
      const cause = Object.assign(new Error('token server'), { code });
      const { client } = await plain({ auth: { getRequestHeaders: () => Promise.reject(cause) } });
      await expectKitError(client.getOperation({ name: NAME }), Code.UNAVAILABLE, {
        reason: 'CREDENTIALS_UNAVAILABLE',
      });
    },
  );

  it('observes deadline and signal while credentials are pending', async () => {
    const { client } = await plain({ auth: { getRequestHeaders: () => new Promise(() => {}) } });
    const late = rejection(client.getOperation({ name: NAME }, { timeoutMs: 100 }));
    expect(await late).toMatchObject({ code: Code.DEADLINE_EXCEEDED });

    const reason = new Error('enough');
    const giving = new AbortController();
    const given = rejection(client.getOperation({ name: NAME }, { signal: giving.signal }));
    giving.abort(reason);
    expect(await given).toBe(reason);
  });

  it('ignores credentials that arrive after the call', async () => {
    const coming = Promise.withResolvers<Headers>();
    const { server, client } = await plain({ auth: { getRequestHeaders: () => coming.promise } });
    const giving = new AbortController();
    const given = rejection(client.getOperation({ name: NAME }, { signal: giving.signal }));
    giving.abort(new Error('enough'));
    await given;
    coming.resolve(new Headers());
    await asks(client);
    expect(server.calls).toHaveLength(1);
  });

  it('uses TLS on this machine if the endpoint is https', async () => {
    const server = await startGoogleServer({ tls: true });
    const apiEndpoint = `https://localhost:${server.port}`;
    const auth = tokens();
    const { client } = withClient(server, { apiEndpoint, tls: { ca: TLS.ca }, auth });
    await asks(client);
    expect(auth.urls).toEqual([`${apiEndpoint}/google.longrunning.Operations`]);
  });

  it('rejects a malformed endpoint', () => {
    expect(() => googleOperationsClient({ apiEndpoint: 'http://x.googleapis.com' })).toThrow(TypeError);
  });
});

describe('googleOperationsClient › Application Default Credentials', () => {
  it('signs for the scopes with the service account of the environment, and its quota project', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'longrunning-adc-'));
    const file = join(directory, 'account.json');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(
      file,
      JSON.stringify({
        type: 'service_account',
        client_email: 'tester@p.iam.gserviceaccount.com',
        private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
        private_key_id: '1',
        project_id: 'p',
        quota_project_id: 'charged',
      }),
    );
    process.env.GOOGLE_APPLICATION_CREDENTIALS = file;
    try {
      const { server, client } = await secure({ scopes: ['https://example.com/auth/one'] });
      await asks(client);
      const { authorization, ...headers } = server.calls[0]?.headers ?? {};
      const [, claims = ''] = String(authorization).split('.');
      expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
        iss: 'tester@p.iam.gserviceaccount.com',
        scope: 'https://example.com/auth/one',
      });
      expect(headers['x-goog-user-project']).toBe('charged');
    } finally {
      delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
      await rm(directory, { recursive: true });
    }
  });
});
