import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type GoogleServer, startGoogleServer } from '../client/gax/google-server.js';
import { run } from './command-line.js';

const NAME = 'projects/p/locations/l/operations/unknown';
const CA = join(__dirname, '../client/certificates/ca.pem');

let directory: string;
let server: GoogleServer;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longrunning-adc-'));
  server = await startGoogleServer({ tls: true });
});
afterEach(async () => {
  delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const get = (...args: string[]) =>
  run(['get', NAME, '--ca', CA, ...args], { address: `localhost:${server.port}` });

describe('--google', () => {
  it('calls over TLS with the service account of the environment', async () => {
    const file = join(directory, 'account.json');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const account = {
      type: 'service_account',
      client_email: 'tester@p.iam.gserviceaccount.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    };
    await writeFile(file, JSON.stringify(account));
    process.env.GOOGLE_APPLICATION_CREDENTIALS = file;
    const { code, stderr } = await get('--google', '--header', 'x-team=reports');
    // The answer proves that the server received the call.
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining('NOT_FOUND') });
    const { authorization, ...headers } = server.calls[0]?.headers ?? {};
    const [, claims = ''] = String(authorization).split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString()).iss).toBe(account.client_email);
    expect(headers['x-team']).toBe('reports');
  });

  it('no credentials: exit code 5 with advice, and no call', async () => {
    process.env.GOOGLE_APPLICATION_CREDENTIALS = join(directory, 'missing.json');
    const { code, stderr } = await get('--google');
    expect(code).toBe(5);
    expect(stderr).toMatch(
      /^longrunning: UNAUTHENTICATED: no Google credentials [^\n]*gcloud auth [^\n]+\n$/,
    );
    expect(server.calls).toEqual([]);
  });
});

describe('--token and --header', () => {
  it('are sent with every call, over TLS', async () => {
    expect((await get('--token', 'secret', '--header', 'X-Team=a=b')).code).toBe(5);
    expect(server.calls[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'x-team': 'a=b' });
  });
});
