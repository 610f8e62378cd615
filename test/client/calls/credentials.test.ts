import { getEventListeners } from 'node:events';
import { copyFile, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ChannelCredentials,
  type handleUnaryCall,
  InterceptingCall,
  type Interceptor,
  Metadata,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { describe, expect, it, jest } from '@jest/globals';
import {
  type GetOperationRequest,
  type Operation,
  OperationsService,
  type WaitOperationRequest,
} from '../../../generated/google/longrunning/operations.js';
import type { OperationsClientOptions } from '../../../src/client/operations/client-options.js';
import { OperationsClient } from '../../../src/client/operations/operations-client.js';
import { expectKitError, rejection } from '../../../src/conformance/kit-error.js';
import { Code, kitError, StatusError } from '../../../src/core/status.js';
import { certificateMaker } from '../../helpers/own-certificates.js';
import { running, startScriptedServer, succeeded } from '../scripted-server.js';

const NAME = 'operations/1';

/** Certificates of an authority that signed both server and client, for these tests only. */
const pem = (file: string) => readFile(`${__dirname}/../certificates/${file}`);

async function startSecureServer({ mutual }: { readonly mutual: boolean }) {
  const [ca, key, cert] = await Promise.all([pem('ca.pem'), pem('server-key.pem'), pem('server.pem')]);
  const server = new Server();
  const getOperation: handleUnaryCall<GetOperationRequest, Operation> = ({ metadata }, callback) =>
    callback(null, running(String(metadata.get('authorization'))));
  const waitOperation: handleUnaryCall<WaitOperationRequest, Operation> = (_, callback) =>
    callback(null, succeeded());
  server.addService(
    { getOperation: OperationsService.getOperation, waitOperation: OperationsService.waitOperation },
    { getOperation, waitOperation },
  );
  const credentials = ServerCredentials.createSsl(ca, [{ private_key: key, cert_chain: cert }], mutual);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, free) => (error ? reject(error) : resolve(free)));
  });
  return { port, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}

describe('client › TLS', () => {
  it.each(['https://localhost:PORT', 'localhost:PORT', 'https://127.0.0.1:PORT'])(
    '%s with the authority of the server',
    async (address) => {
      await using server = await startSecureServer({ mutual: false });
      await using client = new OperationsClient({
        address: address.replace('PORT', String(server.port)),
        tls: { ca: await pem('ca.pem') },
        token: 'secret',
      });
      expect((await client.getOperation({ name: NAME })).name).toBe('Bearer secret');
      expect((await client.operation(NAME).wait()).state).toBe('succeeded');
    },
  );

  it('an untrusted server: UNAVAILABLE, and nothing is sent', async () => {
    await using server = await startSecureServer({ mutual: false });
    await using client = new OperationsClient({ address: `https://localhost:${server.port}` });
    const error = await rejection(client.getOperation({ name: NAME }, { timeoutMs: 2000 }));
    expect([Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED]).toContain((error as { code: Code }).code);
  });

  it('cert and key identify the client; without them the server closes the connection', async () => {
    await using server = await startSecureServer({ mutual: true });
    const address = `localhost:${server.port}`;
    const [ca, cert, key] = await Promise.all([pem('ca.pem'), pem('client.pem'), pem('client-key.pem')]);
    await using known = new OperationsClient({ address, tls: { ca: ca.toString(), cert, key } });
    expect((await known.getOperation({ name: NAME })).done).toBe(false);
    await using unknown = new OperationsClient({ address, tls: { ca } });
    await expect(unknown.getOperation({ name: NAME }, { timeoutMs: 1000 })).rejects.toMatchObject({
      operationName: NAME,
    });
  });

  it('files are read again for every connection; unusable ones change nothing', async () => {
    await using server = await startSecureServer({ mutual: true });
    const maker = certificateMaker();
    const directory = maker.directory;
    const [caFile, certFile, keyFile] = ['ca', 'cert', 'key'].map((name) => `${directory}/${name}.pem`) as [
      string,
      string,
      string,
    ];
    const stranger = await maker.make('stranger');
    await copyFile(`${__dirname}/../certificates/ca.pem`, caFile);
    await copyFile(stranger.cert, certFile);
    await copyFile(stranger.key, keyFile);
    await using client = new OperationsClient({
      address: `localhost:${server.port}`,
      tls: { caFile, certFile, keyFile },
    });
    const get = (timeoutMs: number) => client.getOperation({ name: NAME }, { timeoutMs });
    // The server does not know the authority of this certificate.
    expect((await rejection(get(1000))) as object).toMatchObject({ operationName: NAME });
    await copyFile(`${__dirname}/../certificates/client-key.pem`, keyFile);
    await rejection(get(1000));
    await copyFile(`${__dirname}/../certificates/client.pem`, certFile);
    expect((await get(60_000)).done).toBe(false);
    await maker[Symbol.asyncDispose]();
  });
});

/** Second copy of grpc-js, as another package may install it. */
function secondCopy(): typeof import('@grpc/grpc-js') {
  const path = require.resolve('@grpc/grpc-js');
  let copy: typeof import('@grpc/grpc-js') | undefined;
  jest.isolateModules(() => {
    copy = jest.requireActual(path);
  });
  if (!copy) throw new Error('there is no second copy');
  return copy;
}

describe('client › options that contradict each other', () => {
  const insecure = ChannelCredentials.createInsecure();
  const cases: [string, Omit<OperationsClientOptions, 'address'>, RegExp][] = [
    ['credentials and tls', { credentials: insecure, tls: {} }, /^both credentials and tls are given: /],
    ['cert without key', { tls: { cert: 'x' } }, /^tls has only one of certificate and key: /],
    ['certFile without key', { tls: { certFile: 'x' } }, /^tls has only one of certificate and key: /],
    ['ca and caFile', { tls: { ca: 'x', caFile: 'y' } }, /^tls has both ca and caFile: give one /],
    ['a file that does not exist', { tls: { caFile: '/no/ca' } }, /^caFile "\/no\/ca" cannot be read: /],
    ['a certificate that is no PEM', { tls: { ca: 'x', cert: 'x', key: 'x' } }, /^tls cannot be used: /],
    [
      'an unknown field',
      { tls: { clientCa: 'x' } as never },
      /^tls has an unknown field "clientCa": give ca, caFile, /,
    ],
    ['a token that is empty', { token: '' }, /^token must be a non-empty string: /],
    [
      'a token that is neither text nor function',
      { token: 5 as never },
      /^token must be a non-empty string: /,
    ],
    ['a token that ends with a newline', { token: 'secret\n' }, /^token ends with a line break: remove it/],
    ['a token that ends with CRLF', { token: 'secret\r\n' }, /^token ends with a line break: remove it/],
    [
      'a token with a newline inside',
      { token: 'sec\nret' },
      /^token has a character .*U\+000A as character 4/,
    ],
    ['a token after a space', { token: ' secret' }, /^token begins or ends with white space: remove it/],
    ['a token with an umlaut', { token: 'sécret' }, /^token has a character .*U\+00E9 as character 2 of 6/],
    [
      'credentials of a second copy of grpc-js',
      { credentials: secondCopy().credentials.createSsl() as never },
      /^credentials come from another copy of @grpc\/grpc-js /,
    ],
    ['credentials that are none', { credentials: {} as never }, /^credentials are not ChannelCredentials /],
    ['a token in plain text', { credentials: insecure, token: 'secret' }, /in plain text: /],
  ];
  it.each(cases)('%s: rejected', (_, options, message) => {
    const make = () => new OperationsClient({ address: 'example.com:443', ...options });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
    expect(make).not.toThrow(/secret/);
  });

  it('a token in plain text to dns:///localhost: suggests the address', () => {
    const options = { address: 'dns:///localhost:50051', credentials: insecure, token: 'secret' };
    expect(() => new OperationsClient(options)).toThrow('in plain text: write "localhost:50051"');
  });

  it('a token in plain text is allowed on this machine', async () => {
    await using client = new OperationsClient({ address: 'unix:/nowhere', token: 'secret' });
    expect(client).toBeInstanceOf(OperationsClient);
  });
});

const PROXY_VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy', 'no_grpc_proxy', 'no_proxy'];

/** Proxy in the environment, until disposed of, that rejects every connection. */
async function startProxy() {
  const before = PROXY_VARIABLES.map((name) => [name, process.env[name]] as const);
  const asked: (string | undefined)[] = [];
  const proxy = createServer().on('connect', ({ url }, socket) => {
    asked.push(url);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  for (const name of PROXY_VARIABLES) delete process.env[name];
  process.env.http_proxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    asked,
    async [Symbol.asyncDispose]() {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

describe('client › a proxy in the environment', () => {
  it('is never used for this machine, with any channel options', async () => {
    await using server = await startScriptedServer({
      getOperation: () => running(),
      waitOperation: () => succeeded(),
    });
    await using proxy = await startProxy();
    await using client = new OperationsClient({
      address: server.address,
      token: 'secret',
      channelOptions: { 'grpc.enable_http_proxy': 1 },
    });
    await client.getOperation({ name: NAME });
    await client.operation(NAME).wait();
    expect(proxy.asked).toEqual([]);
  });
});

describe('client › token', () => {
  it('is fetched for every call, including long polls', async () => {
    await using server = await startScriptedServer({
      getOperation: () => running(),
      waitOperation: () => succeeded(),
    });
    let count = 0;
    await using client = new OperationsClient({
      address: server.address,
      token: async () => `t${++count}`,
    });
    await client.getOperation({ name: NAME });
    await client.getOperation({ name: NAME });
    await client.operation(NAME).wait();
    expect(server.calls.map(({ metadata }) => metadata.get('authorization'))).toEqual([
      ['Bearer t1'],
      ['Bearer t2'],
      ['Bearer t3'],
    ]);
  });

  it('unavailable: UNAUTHENTICATED with the cause, no call, and it ends a wait', async () => {
    await using server = await startScriptedServer({});
    const cause = new Error('not logged in');
    await using client = new OperationsClient({
      address: server.address,
      token: () => Promise.reject(cause),
    });
    for (const call of [client.getOperation({ name: NAME }), client.operation(NAME).wait()]) {
      const error = await expectKitError(call, Code.UNAUTHENTICATED, { reason: 'TOKEN_UNAVAILABLE' });
      expect(error).toMatchObject({ operationName: NAME, cause });
    }
    expect(server.calls).toEqual([]);
  });

  const response = (code: number) => Object.assign(new Error('refused'), { response: { status: code } });
  it.each([
    ['ENOTFOUND', Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })],
    ['ENETUNREACH', Object.assign(new Error('connect'), { code: 'ENETUNREACH' })],
    ['EAI_AGAIN in the text alone', new Error('getaddrinfo EAI_AGAIN oauth2.googleapis.com')],
    ['HTTP 429', response(429)],
    ['HTTP 500', Object.assign(new Error('failed'), { status: 500 })],
    ['HTTP 503 as text', Object.assign(new Error('failed'), { code: '503' })],
    ['DNS that does not answer', Object.assign(new Error('queryA'), { code: 'ETIMEOUT' })],
    ['an errno alone', Object.assign(new Error('connect'), { errno: 'ENETUNREACH' })],
    ['a text', 'getaddrinfo ENOTFOUND oauth2.example'],
    ['HTTP 503 as text', new Error('HTTP 503 Service Unavailable')],
    ['HTTP 429 as text', new Error('Request failed with status code 429')],
    ['HTTP 500 as text', new Error('token endpoint answered (status: 500)')],
    ['a fetch that was aborted', new DOMException('This operation was aborted', 'AbortError')],
    ['an error of fetch', new TypeError('fetch failed', { cause: new Error('other side closed') })],
    [
      'a premature close',
      Object.assign(new Error('Premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' }),
    ],
    ['a timeout of fetch', new DOMException('The operation was aborted due to timeout', 'TimeoutError')],
    [
      'refusals of all addresses of a host',
      new AggregateError([Object.assign(new Error(''), { code: 'ECONNREFUSED' })]),
    ],
    ['UNAVAILABLE of a token service', new StatusError(Code.UNAVAILABLE, 'away')],
  ])(
    'that cannot be fetched for a moment, %s: UNAVAILABLE, and the wait goes on (contract 48)',
    async (_, cause) => {
      await using server = await startScriptedServer({ waitOperation: () => succeeded() });
      let failures = 0;
      await using client = new OperationsClient({
        address: server.address,
        random: () => 0,
        token: async () => {
          if (failures++ < 2) throw cause;
          return 'good';
        },
      });
      expect(await rejection(client.getOperation({ name: NAME }))).toMatchObject({ code: Code.UNAVAILABLE });
      expect((await client.operation(NAME).wait()).state).toBe('succeeded');
      expect(failures).toBe(3);
    },
  );

  it.each([response(400), response(401), response(403), new Error('bad key')])(
    'that is refused: UNAUTHENTICATED (%s)',
    async (cause) => {
      await using server = await startScriptedServer({});
      await using client = new OperationsClient({
        address: server.address,
        token: () => Promise.reject(cause),
      });
      await expectKitError(client.getOperation({ name: NAME }), Code.UNAUTHENTICATED, {
        reason: 'TOKEN_UNAVAILABLE',
      });
    },
  );

  it('a StatusError of the function is preserved', async () => {
    const denied = kitError(Code.PERMISSION_DENIED, 'NO_SEAT', 'no seat left');
    await using server = await startScriptedServer({});
    await using client = new OperationsClient({
      address: server.address,
      token: () => Promise.reject(denied),
    });
    const error = await rejection(client.getOperation({ name: NAME }));
    expect(error).toMatchObject({
      code: Code.PERMISSION_DENIED,
      message: 'no seat left',
      details: denied.details,
    });
  });

  it.each([undefined, ''])('%j from a function: UNAUTHENTICATED, and no call', async (token) => {
    await using server = await startScriptedServer({});
    const fetchToken = async () => token as string;
    await using client = new OperationsClient({ address: server.address, token: fetchToken });
    await expectKitError(client.getOperation({ name: NAME }), Code.UNAUTHENTICATED, {
      reason: 'TOKEN_UNAVAILABLE',
    });
    expect(server.calls).toEqual([]);
  });

  it.each(['secret\n', 'sec\nret', ' secret'])(
    '%j, of a function, cannot be sent: UNAUTHENTICATED, says why, and does not quote it',
    async (token) => {
      await using server = await startScriptedServer({});
      await using client = new OperationsClient({ address: server.address, token: async () => token });
      const error = await expectKitError(client.getOperation({ name: NAME }), Code.UNAUTHENTICATED, {
        reason: 'TOKEN_UNAVAILABLE',
      });
      expect(error.message).toMatch(/the token of the function (?:ends with|begins|has a character)/);
      expect(error.message).not.toMatch(/sec/);
      expect(server.calls).toEqual([]);
    },
  );

  it('pending: the call ends at its timeout, at its abort, or with the client', async () => {
    await using client = new OperationsClient({
      address: 'localhost:1',
      token: () => new Promise(() => {}),
    });
    const controller = new AbortController();
    const late = client.getOperation({ name: NAME }, { timeoutMs: 20 });
    const aborted = rejection(client.getOperation({ name: NAME }, { signal: controller.signal }));
    const closed = client.getOperation({ name: NAME });
    controller.abort('left');
    expect(await aborted).toBe('left');
    await expectKitError(late, Code.DEADLINE_EXCEEDED, { reason: 'TOKEN_TIMED_OUT' });
    client.close();
    await expectKitError(closed, Code.UNAVAILABLE, { reason: 'CLIENT_CLOSED' });
  });
});

describe('client › interceptors and channel options', () => {
  it('an interceptor can answer at once, instead of the server', async () => {
    const controller = new AbortController();
    const interceptor: Interceptor = () =>
      // There is no next call, which the types of grpc-js cannot express.
      new InterceptingCall(null as never, {
        start: (_, listener) => {
          const status = { code: Code.PERMISSION_DENIED, details: 'not now', metadata: new Metadata() };
          listener.onReceiveStatus(status);
        },
      });
    await using client = new OperationsClient({ address: 'localhost:1', interceptors: [interceptor] });
    const call = client.getOperation({ name: NAME }, { signal: controller.signal });
    expect(await rejection(call)).toMatchObject({ code: Code.PERMISSION_DENIED, message: 'not now' });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('interceptors see every call, including long polls', async () => {
    await using server = await startScriptedServer({
      getOperation: () => running(),
      waitOperation: () => succeeded(),
    });
    const seen: string[] = [];
    const interceptor: Interceptor = (options, nextCall) => {
      seen.push(options.method_definition.path.split('/').at(-1) ?? '');
      return new InterceptingCall(nextCall(options));
    };
    await using client = new OperationsClient({
      address: server.address,
      interceptors: [interceptor],
      channelOptions: { 'grpc.primary_user_agent': 'tester/1' },
    });
    await client.getOperation({ name: NAME });
    await client.operation(NAME).wait();
    expect(seen).toEqual(['GetOperation', 'WaitOperation']);
    for (const { metadata } of server.calls) {
      expect(String(metadata.get('user-agent'))).toMatch(/^tester\/1 /);
    }
  });
});
