import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Code, OperationsClient } from 'longrunning';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { startReportsServer } from '../../src/conformance/reports-server.js';
import { systemClock } from '../../src/core/clock.js';
import { certificateMaker } from '../helpers/own-certificates.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres-database.js';

const EXAMPLES = join(__dirname, '../../examples');
const STORIES = [
  'standalone-server.ts',
  'existing-server.ts',
  'progress.ts',
  'cancel-old.ts',
  'testing/own-method.test.ts',
  'custom-store.ts',
];
const PARENT = 'projects/example/locations/europe-west3';
const ISSUER = 'https://accounts.example.com';
const AUDIENCE = 'https://reports.example.com';

it.each(STORIES)('%s has at most 25 lines', (file) => {
  const lines = readFileSync(join(EXAMPLES, file), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(25);
});

describe.each(['standalone-server.ts', 'existing-server.ts'])('%s', (file) => {
  const certificates = certificateMaker();
  let database: TestDatabase;
  let keys: KeyServer;
  let env: Record<string, string>;
  beforeAll(async () => {
    database = await createDatabase();
    keys = await startKeyServer();
    const { cert, key } = await certificates.make('localhost');
    const { jwksUri } = keys;
    env = { DATABASE_URL: database.url, TLS_CERT: cert, TLS_KEY: key, JWKS_URI: jwksUri, ISSUER, AUDIENCE };
  });
  afterAll(async () => {
    await keys[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    await certificates[Symbol.asyncDispose]();
  });

  it('serves gRPC and REST by TLS, to callers with a token, and stops gracefully', async () => {
    const child = spawn(process.execPath, [join(EXAMPLES, file)], {
      env: { ...process.env, ...env, ADDRESS: 'localhost:0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const port = await portOf(child);
      const ca = readFileSync(env.TLS_CERT ?? '');
      const rest = `https://localhost:${port}`;
      expect(await ask(`${rest}/readyz`, { ca })).toMatchObject({ status: 200 });
      expect(await ask(`${rest}/v1/${PARENT}/operations`, { ca })).toMatchObject({ status: 401 });

      const connection = { address: `https://localhost:${port}`, tls: { ca } };
      await using stranger = new OperationsClient(connection);
      const list = stranger.listOperations({ name: PARENT });
      await expect(list).rejects.toMatchObject({ code: Code.UNAUTHENTICATED });

      const token = await keys.token();
      const authorization = `Bearer ${token}`;
      const post = { ca, authorization, body: '{"title":"July"}' };
      const started = await ask(`${rest}/v1/${PARENT}/reports:export`, post);
      expect(started).toMatchObject({ status: 200 });
      await using client = new OperationsClient({ ...connection, token });
      const operation = client.operation(JSON.parse(started.text).name, ReportsOperations.exportReport);
      expect(await operation.result()).toEqual({ uri: 'file:///reports/July.pdf', rowCount: 120 });

      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

it('cancel-old.ts cancels running operations that are older than an hour', async () => {
  const twoHoursMs = 2 * 60 * 60 * 1000;
  const clock = { ...systemClock, now: () => systemClock.now() - twoHoursMs };
  await using reports = await startReportsServer({ clock });
  const old = await reports.overGrpc.exportReport({ parent: PARENT });
  const elsewhere = await reports.overGrpc.exportReport({ parent: 'projects/p/locations/other' });
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(EXAMPLES, 'cancel-old.ts'),
    reports.address,
    PARENT,
  ]);
  expect(stdout).toBe(`${old.name}: cancelled\n`);
  const { operations } = reports.overGrpc;
  expect(await operations.getOperation({ name: elsewhere.name })).toMatchObject({ done: false });
});

it('custom-store.ts ends an operation on the server after the one that started it', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(EXAMPLES, 'custom-store.ts')]);
  expect(stdout).toBe("{ uri: 'file:///reports/July.pdf', rowCount: 120 }\n");
});

interface KeyServer extends AsyncDisposable {
  readonly jwksUri: string;
  /** Token of a caller, signed with the key. */
  token(): Promise<string>;
}

async function startKeyServer(): Promise<KeyServer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'key', alg: 'ES256' };
  const server = createServer((_, response) => {
    response.setHeader('connection', 'close').end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    jwksUri: `http://127.0.0.1:${port}/jwks`,
    token: () =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', kid: 'key' })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject('ada')
        .setExpirationTime('1h')
        .sign(privateKey),
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function portOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the output is not piped');
  const [line] = await once(createInterface(stdout), 'line');
  return /:(\d+)$/.exec(line)?.[1] ?? line;
}

interface Ask {
  readonly ca: Buffer;
  readonly authorization?: string;
  /** JSON to post. */
  readonly body?: string;
}

/** Makes a request over a connection of its own. */
function ask(url: string, { ca, authorization, body }: Ask): Promise<{ status?: number; text: string }> {
  const headers = {
    connection: 'close',
    ...(authorization && { authorization }),
    ...(body && { 'content-type': 'application/json' }),
  };
  const method = body === undefined ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca, agent: false, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.once('error', reject).end(body);
  });
}
