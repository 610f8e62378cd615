import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createSecureServer, createServer } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { Server as GrpcServer, InterceptingCall, Metadata, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { connectionAdvice } from '../../../src/client/calls/connection-fault.js';
import type { OperationsClientOptions } from '../../../src/client/operations/client-options.js';
import { OperationsClient } from '../../../src/client/operations/operations-client.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { Code, type StatusError } from '../../../src/core/status.js';
import { certificateMaker } from '../../helpers/own-certificates.js';

const NAME = 'operations/1';

const pem = (file: string) => readFileSync(`${__dirname}/../certificates/${file}`);
const OWN = { key: pem('server-key.pem'), cert: pem('server.pem') };

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
});

/** Listens on a free port until the test ends. */
async function portOf(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  server.on('sessionError', () => {}).on('tlsClientError', () => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');
  opened.push({
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return (server.address() as AddressInfo).port;
}

/** Returns a port without a listener. */
async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

const secure = (options = {}) => portOf(createSecureServer({ ...OWN, ...options }));
const plain = () => portOf(createServer());

async function foreignServer(): Promise<number> {
  await using maker = certificateMaker();
  const { cert, key } = await maker.make('stranger');
  return portOf(createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) }));
}

type Situation = readonly [
  what: string,
  make: () => Promise<OperationsClientOptions>,
  fault: RegExp,
  advice: string,
];

const CA = { ca: pem('ca.pem') };

const SITUATIONS: readonly Situation[] = [
  [
    'a refused port',
    async () => ({ address: `127.0.0.1:${await freePort()}` }),
    /connect ECONNREFUSED 127\.0\.0\.1:\d+/,
    'check that a server listens there',
  ],
  [
    'a refused port, with TLS',
    async () => ({ address: `https://127.0.0.1:${await freePort()}` }),
    /connect ECONNREFUSED 127\.0\.0\.1:\d+/,
    'check that a server listens there',
  ],
  [
    'an unknown host',
    async () => ({ address: 'unknown.invalid:443' }),
    /Name resolution failed for target dns:unknown\.invalid:443/,
    'check the host name',
  ],
  [
    'a missing socket',
    async () => ({ address: 'unix:/missing/operations.sock' }),
    /connect ENOENT \/missing\/operations\.sock/,
    'check the path of the socket',
  ],
  [
    'a certificate of an unknown authority',
    async () => ({ address: `https://localhost:${await secure()}` }),
    /unable to verify the first certificate/,
    'give the authority that signed its certificate as tls.ca',
  ],
  [
    'a self-signed certificate',
    async () => ({ address: `https://localhost:${await foreignServer()}`, tls: CA }),
    /self-signed certificate/,
    'give the authority that signed its certificate as tls.ca',
  ],
  [
    'a certificate of another name',
    async () => ({
      address: `https://localhost:${await secure()}`,
      tls: CA,
      channelOptions: { 'grpc.ssl_target_name_override': 'api.example' },
    }),
    /altnames/,
    'connect by a name that its certificate has',
  ],
  [
    'a server that asks for a client certificate',
    async () => ({
      address: `localhost:${await secure({ ...CA, requestCert: true, rejectUnauthorized: true })}`,
      tls: CA,
    }),
    /alert certificate required/,
    'give tls.cert and tls.key',
  ],
  [
    'TLS to a server of plain text',
    async () => ({ address: `https://127.0.0.1:${await plain()}` }),
    /: wrong version number:/,
    'leave out "https://"',
  ],
  [
    'plain text to a server of TLS',
    async () => ({ address: `127.0.0.1:${await secure()}` }),
    /: server speaks TLS:/,
    'write "https://" before the address',
  ],
  [
    'a server of HTTP/1.1',
    async () => ({ address: `127.0.0.1:${await portOf(createHttpServer())}` }),
    /: Protocol error:/,
    'check that it is a gRPC server',
  ],
  [
    'a peer that hangs up',
    async () => ({ address: `127.0.0.1:${await portOf(createTcpServer((socket) => socket.destroy()))}` }),
    /: (?:Failed to connect|read ECONNRESET|Socket closed):/,
    'check ',
  ],
  [
    'the target dns:///localhost, which is secured',
    async () => ({ address: `dns:///localhost:${await plain()}` }),
    /: wrong version number:/,
    'it speaks no TLS: write "localhost:',
  ],
];

describe.each(SITUATIONS)('%s: the error has the reason and advice', (_, make, fault, advice) => {
  it.each([40, 700])('of a call with timeoutMs: %d', async (timeoutMs) => {
    await using client = new OperationsClient(await make());
    const error = await rejection(client.getOperation({ name: NAME }, { timeoutMs }));
    expect(error).toMatchObject({ code: Code.DEADLINE_EXCEEDED, message: expect.stringMatching(fault) });
    expect((error as StatusError).message).toContain(advice);
    expect((error as StatusError).message).toMatch(/^no connection to "[^"]+": /);
    expect((error as StatusError).message).not.toContain('LB pick');
    expect((error as StatusError).detail(ErrorInfo)?.reason).toBe('NOT_CONNECTED');
  });

  it('of a call without timeoutMs, and of a listing', async () => {
    const options = await make();
    const channelOptions = { ...options.channelOptions, 'grpc.enable_retries': 0 };
    await using client = new OperationsClient({ ...options, channelOptions });
    for (const call of [
      () => client.getOperation({ name: NAME }),
      () => client.listOperations({ name: '' }),
    ]) {
      const error = await rejection(call());
      expect(error).toMatchObject({ code: Code.UNAVAILABLE, message: expect.stringMatching(fault) });
      expect((error as StatusError).message).toContain(advice);
    }
  });

  it('of a wait', async () => {
    await using client = new OperationsClient(await make());
    const error = await rejection(client.operation(NAME).wait({ timeoutMs: 700 }));
    expect(error).toMatchObject({ code: Code.DEADLINE_EXCEEDED, message: expect.stringMatching(fault) });
  });
});

describe('a peer that accepts connections and sends nothing', () => {
  it.each([[''], ['https://']])('%s: the error says that nothing answered', async (scheme) => {
    const port = await portOf(createTcpServer(() => {}));
    await using client = new OperationsClient({ address: `${scheme}127.0.0.1:${port}` });
    const error = await rejection(client.getOperation({ name: NAME }, { timeoutMs: 50 }));
    expect((error as StatusError).message).toMatch(
      /^no connection to "127\.0\.0\.1:\d+": nothing answered in time: /,
    );
    expect((error as StatusError).detail(ErrorInfo)?.reason).toBe('STILL_CONNECTING');
  });
});

describe('the reason for a missing connection', () => {
  it('is reported to every client of an unreachable address', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const channelOptions = { 'grpc.enable_retries': 0 };
    for (const timeoutMs of [1000, 1000, 40]) {
      // Clients of one address share a connection and its first failure.
      const client = new OperationsClient({ address, channelOptions });
      opened.push(client);
      const error = await rejection(client.getOperation({ name: NAME }, { timeoutMs }));
      expect(error).toMatchObject({ message: expect.stringContaining(': connect ECONNREFUSED 127.0.0.1:') });
    }
  });

  it('is found without the interceptors of the application', async () => {
    const methods: string[] = [];
    await using client = new OperationsClient({
      address: `127.0.0.1:${await freePort()}`,
      interceptors: [
        (options, next) => {
          methods.push(options.method_definition.path);
          return new InterceptingCall(next(options));
        },
      ],
    });
    await rejection(client.getOperation({ name: NAME }, { timeoutMs: 40 }));
    expect(methods).toEqual(['/google.longrunning.Operations/GetOperation']);
  });

  it('does not change errors of a slow server, or errors that a server forwards', async () => {
    const passedOn = 'No connection established. Last error: Error: connect ECONNREFUSED 10.0.0.1:5432';
    const server = new GrpcServer();
    const paths: string[] = [];
    server.register(
      '/google.longrunning.Operations/GetOperation',
      (call: { request: Buffer }, callback: (error: object) => void) => {
        paths.push('get');
        if (call.request.includes('slow')) return;
        callback({ code: Code.UNAVAILABLE, details: passedOn, metadata: new Metadata() });
      },
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      'unary',
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const channelOptions = { 'grpc.enable_retries': 0 };
    const client = new OperationsClient({ address: `127.0.0.1:${port}`, channelOptions });
    try {
      expect(await rejection(client.getOperation({ name: NAME }))).toMatchObject({ message: passedOn });
      const slow = client.getOperation({ name: 'operations/slow' }, { timeoutMs: 50 });
      expect(await rejection(slow)).toMatchObject({ message: expect.stringMatching(/^Deadline exceeded/) });
    } finally {
      client.close();
      server.forceShutdown();
    }
  });

  it('does not delay an abort or the closing of the client', async () => {
    const port = await portOf(createTcpServer(() => {}));
    const client = new OperationsClient({ address: `127.0.0.1:${port}` });
    const failing = rejection(client.getOperation({ name: NAME }, { timeoutMs: 0 }));
    // The deadline passes, and the probe starts.
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.close();
    expect(await failing).toMatchObject({ message: expect.stringContaining('client is closed') });
  });
});

describe('connectionAdvice', () => {
  it.each([
    ['dns:///localhost', 'it has no port, so 443 was tried: write "localhost:PORT"'],
    ['localhost', 'it has no port, so 443 was tried: write "localhost:PORT"'],
    ['dns:///localhost:50051', 'check that a server listens there'],
    ['localhost:50051', 'check that a server listens there'],
    ['[::1]:50051', 'check that a server listens there'],
  ])('%s is refused: %s', (target, advice) => {
    expect(connectionAdvice('connect ECONNREFUSED 127.0.0.1:443', target)).toBe(advice);
  });

  it.each([
    ['dns:///localhost:50051', 'it speaks no TLS: write "localhost:50051", which is reached in plain text'],
    ['dns:localhost:50051', 'it speaks no TLS: write "localhost:50051", which is reached in plain text'],
    ['api.example:443', 'it speaks no TLS: leave out "https://" and tls'],
  ])('%s speaks no TLS: %s', (target, advice) => {
    expect(connectionAdvice('wrong version number', target)).toContain(advice);
  });

  it.each([
    ['certificate has expired', 'renew the certificate of the server'],
    ['self-signed certificate in certificate chain', 'tls.ca'],
    ['unable to get local issuer certificate', 'tls.ca'],
    ["Hostname/IP does not match certificate's altnames", 'connect by a name that its certificate has'],
    ['something new', 'check the address, and that a server listens there'],
  ])('%s: %s', (fault, advice) => {
    expect(connectionAdvice(fault, 'api.example:443')).toContain(advice);
  });
});
