import { type handleUnaryCall, Metadata, Server, type ServerUnaryCall } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MountedMethod } from '../../../src/core/service.js';
import { Code } from '../../../src/core/status.js';
import { InProcessUpstream } from '../../../src/gateway/upstream/in-process-upstream.js';
import { ServiceUpstream } from '../../../src/gateway/upstream/service-upstream.js';
import type { Upstream, UpstreamAnswer, UpstreamCall } from '../../../src/gateway/upstream/upstream.js';
import { grpcLimits } from '../../../src/server/index.js';

type Handler = handleUnaryCall<string, string>;

const ECHO = '/test.Echo/Echo';
const encode = (text: string): Buffer => {
  if (text === 'unwritable') throw new Error('cannot be written');
  return Buffer.from(text);
};
const decode = (bytes: Buffer): string => {
  if (bytes.toString() === 'unreadable') throw new Error('cannot be read');
  return bytes.toString();
};
const definition = {
  echo: {
    path: ECHO,
    requestStream: false,
    responseStream: false,
    requestSerialize: encode,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: decode,
  },
} as const;

const echoing: Handler = (call, callback) => callback(null, call.request);

const MOST_BYTES = 4 * 1024 * 1024;

/** The same method, called directly and over HTTP/2. */
const ways: readonly [string, (server: Server, echo: Handler) => Upstream][] = [
  [
    'a service that is called directly',
    (_server, echo) => {
      const method = { key: 'echo', definition: definition.echo, handle: echo } as unknown as MountedMethod;
      return new ServiceUpstream(() => [{ name: 'test.Echo', methods: [method] }], MOST_BYTES);
    },
  ],
  ['a server that is called over HTTP/2', (server) => new InProcessUpstream(server)],
];

describe.each(ways)('%s', (_way, upstreamOf) => {
  let server: Server;
  let upstream: Upstream;
  let handler: Handler;

  beforeEach(() => {
    handler = echoing;
    const echo: handleUnaryCall<string, string> = (call, callback) => handler(call, callback);
    server = new Server(grpcLimits());
    server.addService(definition, { echo });
    upstream = upstreamOf(server, echo);
  });

  afterEach(() => {
    upstream.close();
    server.forceShutdown();
  });

  const call = (text: string, facts: Partial<UpstreamCall> = {}, path = ECHO) =>
    upstream.call(path, Buffer.from(text), {
      metadata: new Metadata(),
      peer: '192.0.2.7:50312',
      deadline: Number.POSITIVE_INFINITY,
      signal: new AbortController().signal,
      ...facts,
    });

  it('returns the response', async () => {
    expect(text(await call('hello'))).toBe('hello');
  });

  it('passes metadata, deadline and path to the handler', async () => {
    const metadata = new Metadata();
    metadata.set('x-goog-request-params', 'name=a');
    const deadline = Date.now() + 60_000;
    let seen: ServerUnaryCall<string, string> | undefined;
    handler = (received, callback) => {
      seen = received;
      received.getMetricsRecorder().recordQpsMetric(1);
      callback(null, '');
    };
    await call('hello', { metadata, deadline });
    expect(seen?.metadata.get('x-goog-request-params')).toEqual(['name=a']);
    expect(Number(seen?.getDeadline())).toBeGreaterThan(deadline - 10_000);
    expect(seen?.getPath()).toBe(ECHO);
    expect(seen?.getHost()).toMatch(/^in-process/);
    expect(seen?.getAuthContext()).toEqual({});
  });

  it('returns headers and trailers', async () => {
    const [headers, trailers] = [metadataOf('x-first', '1'), metadataOf('x-last', '2')];
    handler = (received, callback) => {
      received.sendMetadata(headers);
      callback(null, 'x', trailers);
    };
    const { metadata } = await call('hello');
    expect(metadata.getMap()).toMatchObject({ 'x-first': '1', 'x-last': '2' });
  });

  it('returns an error with its details and trailers', async () => {
    const metadata = metadataOf('retry-after', '7');
    handler = (_received, callback) => callback({ code: Code.NOT_FOUND, details: 'not there', metadata });
    expect(await call('hello')).toMatchObject({
      kind: 'error',
      error: { code: Code.NOT_FOUND, message: 'not there' },
    });
    expect((await call('hello')).metadata.get('retry-after')).toEqual(['7']);
  });

  it.each<[string, string, Handler, Code, string]>([
    ['an error without a code', 'hello', (_, callback) => callback(new Error('odd')), Code.UNKNOWN, 'odd'],
    [
      'an error with code OK',
      'hello',
      (_, callback) => callback({ code: 0 }),
      Code.INTERNAL,
      'without a message',
    ],
    ['a request that cannot be read', 'unreadable', () => {}, Code.INTERNAL, 'Error deserializing request'],
    [
      'a response that cannot be serialized',
      'hello',
      (_, callback) => callback(null, 'unwritable'),
      Code.INTERNAL,
      'Error serializing response',
    ],
    [
      'a handler that throws',
      'hello',
      () => {
        throw new Error('a secret');
      },
      Code.UNKNOWN,
      'Unknown error',
    ],
  ])('converts %s to an error', async (_what, request, given, code, message) => {
    handler = given;
    const answer = await call(request);
    expect(answer).toMatchObject({ kind: 'error', error: { code } });
    expect(answer.kind === 'error' && answer.error.message).toContain(message);
  });

  it('notifies the handler when the caller disconnects', async () => {
    const caller = new AbortController();
    const { promise: cancelled, resolve } = Promise.withResolvers<boolean>();
    const { promise: called, resolve: begin } = Promise.withResolvers<void>();
    handler = (received) => {
      received.once('cancelled', () => resolve(received.cancelled));
      begin();
    };
    const answer = call('hello', { signal: caller.signal });
    await called;
    caller.abort();
    expect(await cancelled).toBe(true);
    expect(await answer).toMatchObject({ kind: 'error', error: { code: Code.CANCELLED } });
  });

  it('emits cancelled when the call ends, also after an answer, as grpc-js does', async () => {
    const told = Promise.withResolvers<unknown>();
    let seen: ServerUnaryCall<string, string> | undefined;
    handler = (received, callback) => {
      seen = received;
      received.on('cancelled', told.resolve);
      callback(null, 'x');
    };
    expect(text(await call('hello'))).toBe('x');
    expect(await told.promise).toBe('cancelled');
    expect(seen?.cancelled).toBe(true);
  });

  it('notifies the handler when the deadline passes', async () => {
    const { promise: cancelled, resolve } = Promise.withResolvers<boolean>();
    handler = (received) => received.addListener('cancelled', () => resolve(received.cancelled));
    const answer = await call('hello', { deadline: Date.now() + 20 });
    expect(answer).toMatchObject({ kind: 'error', error: { code: Code.DEADLINE_EXCEEDED } });
    expect(await cancelled).toBe(true);
  });

  it('answers UNIMPLEMENTED for unknown methods', async () => {
    const answer = await call('hello', {}, '/test.Echo/Other');
    const message = 'The server does not implement the method /test.Echo/Other';
    expect(answer).toMatchObject({ kind: 'error', error: { code: Code.UNIMPLEMENTED, message } });
  });

  it('rejects a request over the size limit', async () => {
    const answer = await call('x'.repeat(MOST_BYTES + 1));
    expect(answer).toMatchObject({
      kind: 'error',
      error: {
        code: Code.RESOURCE_EXHAUSTED,
        message: `Received message larger than max (${MOST_BYTES + 1} vs ${MOST_BYTES})`,
      },
    });
    expect(await call('x'.repeat(MOST_BYTES))).toMatchObject({ kind: 'response' });
  });

  it('rejects calls after the gateway has closed', async () => {
    upstream.close();
    expect(await call('hello')).toMatchObject({ kind: 'error', error: { code: Code.UNAVAILABLE } });
  });
});

it('serves methods that are added to the server later', async () => {
  const server = new Server();
  const upstream = new InProcessUpstream(server);
  server.addService(definition, { echo: echoing });
  const answer = await upstream.call(ECHO, Buffer.from('new'), {
    metadata: new Metadata(),
    peer: undefined,
    deadline: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
  });
  expect(text(answer)).toBe('new');
  upstream.close();
  server.forceShutdown();
});

it('adds services once, when the gateway is ready or at the first call', () => {
  let mounts = 0;
  const upstream = new ServiceUpstream(() => {
    mounts++;
    return [];
  }, MOST_BYTES);
  expect(mounts).toBe(0);
  upstream.open();
  upstream.open();
  expect(mounts).toBe(1);
});

function text(answer: UpstreamAnswer): string {
  if (answer.kind === 'error') throw answer.error;
  return Buffer.from(answer.bytes).toString();
}

function metadataOf(name: string, value: string): Metadata {
  const metadata = new Metadata();
  metadata.set(name, value);
  return metadata;
}
