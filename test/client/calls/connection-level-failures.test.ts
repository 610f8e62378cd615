// Connection-level failures are not answers of the server (contract 45): each by name, over real sockets.
import { once } from 'node:events';
import { constants } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { OperationsService, WaitOperationRequest } from '../../../generated/google/longrunning/operations.js';
import { durationMs } from '../../../src/client/calls/call-deadline.js';
import { OperationsClient } from '../../../src/client/operations/operations-client.js';
import { expectKitError, rejection } from '../../../src/conformance/kit-error.js';
import { Code } from '../../../src/core/status.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { Frame, frameOf } from '../../helpers/http2-frames.js';
import { never, running, startScriptedServer, succeeded } from '../scripted-server.js';
import {
  answer,
  answerBytes,
  type RawCall,
  refuse,
  startUnreliableServer,
  type Treatment,
} from '../unreliable-server.js';

const NAME = 'operations/1';
const opened = closeAfterEach();

/** Codes of RFC 9113, section 7, and an unknown one. */
const RESET_CODES = [...Array.from({ length: 14 }, (_, code) => code), 99];

const respond = ({ stream }: RawCall, headers: Record<string, string | number>) =>
  stream.respond({ 'content-type': 'application/grpc', ...headers });

const FAILURES: readonly (readonly [string, (call: RawCall) => void])[] = [
  ...RESET_CODES.map(
    (code) => [`RST_STREAM with code ${code}`, ({ stream }: RawCall) => stream.close(code)] as const,
  ),
  ...[constants.NGHTTP2_CANCEL, constants.NGHTTP2_INTERNAL_ERROR].map(
    (code) =>
      [
        `RST_STREAM with code ${code} after headers`,
        (call: RawCall) => {
          respond(call, { ':status': 200 });
          setImmediate(() => call.stream.close(code));
        },
      ] as const,
  ),
  ...[0, 1, 2, 7, 8, 11].map(
    (code) =>
      [
        `GOAWAY with code ${code} and the end of the connection`,
        ({ session }: RawCall) => {
          session.goaway(code);
          setTimeout(() => session.destroy(), 20);
        },
      ] as const,
  ),
  ['the end of the connection', ({ session }) => session.socket.destroy()],
  ['a session that is destroyed, as forceShutdown does', ({ session }) => session.destroy()],
  [
    'HTTP 200 without a status',
    (call) => {
      respond(call, { ':status': 200 });
      call.stream.end();
    },
  ],
  [
    'HTTP 200 in headers alone, without a status',
    ({ stream }) => stream.respond({ ':status': 200 }, { endStream: true }),
  ],
  ...[408, 429, 500, 502, 503, 504].map(
    (status) =>
      [
        `HTTP ${status} with a page`,
        ({ stream }: RawCall) => {
          stream.respond({ ':status': status, 'content-type': 'text/html' });
          stream.end('<html><body>upstream request timeout</body></html>');
        },
      ] as const,
  ),
  [
    'an answer that is cut off',
    (call) => {
      respond(call, { ':status': 200 });
      call.stream.write(Buffer.from([0, 0, 0, 1, 0, 1]));
      setImmediate(() => call.stream.close(constants.NGHTTP2_CANCEL));
    },
  ],
];

async function unreliable(treat: Treatment) {
  const server = await startUnreliableServer(treat);
  const client = new OperationsClient({ address: server.address, random: () => 0 });
  opened(server, client);
  return { server, client };
}

describe('a wait continues after', () => {
  it.each(FAILURES)('%s', async (_, fail) => {
    const { client } = await unreliable((call, count) =>
      count < 2 ? fail(call) : answer(call, succeeded()),
    );
    expect((await client.operation(NAME).wait()).state).toBe('succeeded');
  });

  it('HTTP 404 of an ingress, for WaitOperation and GetOperation', async () => {
    const { client } = await unreliable((call, count) => {
      if (count < 3) call.stream.respond({ ':status': 404 }, { endStream: true });
      else answer(call, succeeded());
    });
    expect((await client.operation(NAME).wait()).state).toBe('succeeded');
  });

  it('forceShutdown of a grpc-js server with 500 waits, while another one replaces it', async () => {
    const first = await startScriptedServer({ waitOperation: never });
    const client = new OperationsClient({ address: first.address });
    opened(client);
    const waits = Array.from({ length: 500 }, (_, n) => client.operation(`operations/${n}`).wait());
    while (first.count('waitOperation') < 500) await new Promise((resolve) => setTimeout(resolve, 5));
    await first[Symbol.asyncDispose]();
    opened(await startScriptedServer({ waitOperation: () => succeeded() }, first.address));
    const outcomes = await Promise.all(waits);
    expect(new Set(outcomes.map(({ state }) => state))).toEqual(new Set(['succeeded']));
  });
});

describe('a proxy that cuts long polls after half a second', () => {
  it.each([
    ['RST_STREAM', ({ stream }: RawCall) => stream.close(constants.NGHTTP2_CANCEL)],
    ['504', ({ stream }: RawCall) => stream.respond({ ':status': 504 }, { endStream: true })],
    ['the end of the connection', ({ session }: RawCall) => session.socket.destroy()],
  ])('by %s: long polls become shorter than that, and the end is reported', async (_, cut) => {
    const timeouts: number[] = [];
    const endsAt = Date.now() + 3000;
    const { client } = await unreliable((call) => {
      if (call.method === 'GetOperation') return answer(call, Date.now() < endsAt ? running() : succeeded());
      void requestOf(call).then(({ timeout }) => {
        const waitMs = timeout ? durationMs(timeout) : Number.POSITIVE_INFINITY;
        timeouts.push(waitMs);
        if (Date.now() >= endsAt) answer(call, succeeded());
        else if (waitMs < 500) setTimeout(() => answer(call, running()), waitMs);
        else setTimeout(() => cut(call), 500);
      });
    });
    expect((await client.operation(NAME).wait()).state).toBe('succeeded');
    // The bound is loose for busy machines. A test in simulated time checks that this takes less than a second.
    expect(Date.now() - endsAt).toBeLessThan(5000);
    expect(timeouts.some((waitMs) => waitMs < 500)).toBe(true);
  });
});

/** Decodes the request of a call. */
async function requestOf({ stream }: RawCall): Promise<WaitOperationRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return WaitOperationRequest.decode(Buffer.concat(chunks).subarray(5));
}

describe('a complete status of the server ends a wait', () => {
  it('CANCELLED of both methods, whatever its message', async () => {
    const { client } = await unreliable((call) => refuse(call, Code.CANCELLED, 'Call cancelled'));
    expect(await rejection(client.operation(NAME).wait())).toMatchObject({
      code: Code.CANCELLED,
      message: 'Call cancelled',
    });
  });

  it('but CANCELLED of WaitOperation alone does not', async () => {
    const { client } = await unreliable((call) =>
      call.method === 'WaitOperation' ? refuse(call, Code.CANCELLED, 'shutdown') : answer(call, succeeded()),
    );
    expect((await client.operation(NAME).wait()).state).toBe('succeeded');
  });
});

describe('single calls report UNAVAILABLE after a connection-level failure', () => {
  const CALLS: readonly (readonly [string, (client: OperationsClient) => Promise<unknown>])[] = [
    ['get', (client) => client.operation(NAME).get({ timeoutMs: 20_000 })],
    ['list', (client) => client.listOperations({ name: '' }, { timeoutMs: 20_000 })],
    ['cancel', (client) => client.operation(NAME).cancel({ timeoutMs: 20_000 })],
    ['delete', (client) => client.operation(NAME).delete({ timeoutMs: 20_000 })],
  ];

  it.each(CALLS)('%s, RST_STREAM with CANCEL', async (_, call) => {
    const { client } = await unreliable(({ stream }) => stream.close(constants.NGHTTP2_CANCEL));
    await expectKitError(call(client), Code.UNAVAILABLE, { reason: 'CONNECTION_BROKEN' });
  });

  it.each(CALLS)('%s, forceShutdown of a grpc-js server', async (_, call) => {
    const server = new Server();
    const reached = Promise.withResolvers<void>();
    const { getOperation, listOperations, cancelOperation, deleteOperation } = OperationsService;
    const silent = () => reached.resolve();
    server.addService(
      { getOperation, listOperations, cancelOperation, deleteOperation },
      { getOperation: silent, listOperations: silent, cancelOperation: silent, deleteOperation: silent },
    );
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    await using client = new OperationsClient({ address: `127.0.0.1:${port}` });
    const failing = rejection(call(client));
    await reached.promise;
    server.forceShutdown();
    expect(await failing).toMatchObject({ code: Code.UNAVAILABLE });
  });

  it.each(CALLS)('%s, RST_STREAM with CANCEL once: succeeds after a retry', async (name, call) => {
    let calls = 0;
    const { client } = await unreliable((request) => {
      if (calls++ === 0) request.stream.close(constants.NGHTTP2_CANCEL);
      // An empty message is a valid operation, page and response.
      else answerBytes(request, Buffer.alloc(0));
    });
    await call(client);
    expect({ name, calls }).toEqual({ name, calls: 2 });
  });

  it('repeated failures: three attempts within two seconds', async () => {
    let calls = 0;
    const { client } = await unreliable(({ stream }) => {
      calls++;
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
    await expectKitError(client.getOperation({ name: NAME }), Code.UNAVAILABLE, {
      reason: 'CONNECTION_BROKEN',
    });
    expect(calls).toBe(3);
  });

  it('an abort or a time limit ends the pause between two attempts', async () => {
    const reset = Promise.withResolvers<void>();
    const { client } = await unreliable(({ stream }) => {
      stream.close(constants.NGHTTP2_CANCEL);
      reset.resolve();
    });
    const leaving = new AbortController();
    const failing = rejection(client.getOperation({ name: NAME }, { signal: leaving.signal }));
    await reset.promise;
    leaving.abort(new Error('left'));
    expect(await failing).toMatchObject({ message: 'left' });
    expect(await rejection(client.getOperation({ name: NAME }, { timeoutMs: 100 }))).toMatchObject({
      code: expect.any(Number),
    });
    const closing = rejection(client.getOperation({ name: NAME }));
    client.close();
    expect(await closing).toMatchObject({ message: expect.stringContaining('client is closed') });
  });

  it('HTTP 404: the error says that no gRPC server answered', async () => {
    const { client } = await unreliable(({ stream }) =>
      stream.respond({ ':status': 404 }, { endStream: true }),
    );
    await expectKitError(client.getOperation({ name: NAME }), Code.UNIMPLEMENTED, {
      reason: 'HTTP_NOT_FOUND',
    });
  });
});

describe('a peer that accepts connections and stays silent (contract 46)', () => {
  it.each([
    ['says nothing', undefined, false],
    ['says nothing where TLS is expected', undefined, true],
    ['begins HTTP/2 and stops', frameOf(Frame.SETTINGS, 0, 0).subarray(0, 5), false],
  ])(
    '%s: is abandoned after connectTimeoutMs, and the wait goes on over another',
    async (_, greeting, tls) => {
      let accepted = 0;
      const closed = Promise.withResolvers<void>();
      const listener = createServer((socket) => {
        accepted++;
        if (greeting) socket.write(greeting);
        socket
          .on('error', () => {})
          .on('close', closed.resolve)
          .resume();
      });
      await once(listener.listen(0, '127.0.0.1'), 'listening');
      const address = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
      await using client = new OperationsClient({
        address: tls ? `https://${address.replace('127.0.0.1', 'localhost')}` : address,
        connectTimeoutMs: 200,
      });
      const failed = rejection(client.waitOperation({ name: NAME }));
      await closed.promise;
      expect(await failed).toMatchObject({
        code: Code.UNAVAILABLE,
        message: expect.stringMatching(/silent/),
      });
      const waiting = client.operation(NAME).wait();
      while (accepted < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      if (!tls) {
        // A working server takes over the address.
        await new Promise((resolve) => listener.close(resolve));
        await using server = await startScriptedServer({ waitOperation: () => succeeded() }, address);
        expect((await waiting).state).toBe('succeeded');
        expect(server.count('waitOperation')).toBe(1);
        return;
      }
      client.close();
      await rejection(waiting);
      listener.close();
    },
  );

  it('a connection that is established stays, whatever the timeout', async () => {
    const held = Promise.withResolvers<void>();
    await using server = await startScriptedServer({
      waitOperation: async () => {
        await held.promise;
        return succeeded();
      },
      getOperation: () => running(),
    });
    await using client = new OperationsClient({ address: server.address, connectTimeoutMs: 100 });
    const waiting = client.operation(NAME).wait();
    await new Promise((resolve) => setTimeout(resolve, 300));
    held.resolve();
    expect((await waiting).state).toBe('succeeded');
    expect(server.count('waitOperation')).toBe(1);
  });

  it.each([0, -1, Number.NaN])('connectTimeoutMs %d: TypeError', (connectTimeoutMs) => {
    const make = () => new OperationsClient({ address: 'localhost:1', connectTimeoutMs });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(`connectTimeoutMs must be positive, got ${connectTimeoutMs}`);
  });
});
