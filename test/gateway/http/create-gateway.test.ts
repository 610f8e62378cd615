import { Client, credentials } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { Code, StatusError } from '../../../src/core/status.js';
import { createGateway } from '../../../src/gateway/index.js';
import { serveGateway } from '../http-client.js';
import { errorOf } from '../http-text.js';
import { servedThings, WAYS } from '../served-things.js';

describe.each(WAYS)('gateway %s › createGateway', (_, serve) => {
  const served = servedThings(serve);

  it('accepts a channel and leaves it open', async () => {
    const client = new Client(served.things.target, credentials.createInsecure());
    await using other = await serveGateway({ channel: client.getChannel(), descriptors: served.descriptors });
    expect((await other.ask('GET', '/v1/things/a')).status).toBe(200);
    other.gateway.close();
    expect((await other.ask('GET', '/v1/things/a')).status).toBe(503);
    expect(() => client.getChannel().getConnectivityState(false)).not.toThrow();
    expect(client.getChannel().getConnectivityState(false)).not.toBe(4);
    client.close();
  });

  it('accepts rules of a service configuration', async () => {
    const text = 'http: { rules: [{ selector: acme.things.v1.Things.GetThing, get: "/v9/{name=**}" }] }';
    const serviceConfig = { file: 'things.yaml', text };
    await using other = await served.serve({ serviceConfig });
    expect((await other.ask('GET', '/v9/things/a/b')).json).toEqual({ name: 'things/a/b' });
    expect((await other.ask('GET', '/v1/things/a')).status).toBe(405);
  });

  it('rejects bytes that are not descriptors', () => {
    expect(() => createGateway({ target: 'localhost:1', descriptors: Buffer.from('no') })).toThrow(
      /not a complete FileDescriptorSet/,
    );
  });

  it('hides internal errors from clients and logs them', async () => {
    const logged: unknown[] = [];
    const logger = { error: (facts: object) => logged.push(facts) };
    const fault = new Error('secret');
    const annotated = createGateway({
      target: served.things.target,
      descriptors: served.descriptors,
      logger,
    });
    annotated.close();
    const clock = {
      now: () => 0,
      setTimer: () => {
        throw fault;
      },
    };
    await using broken = await served.serve({ logger, clock });
    const answer = await broken.ask('POST', '/v1/things', { body: {} });
    expect([answer.status, errorOf(answer).status]).toEqual([500, 'UNKNOWN']);
    expect(answer.text).not.toContain('secret');
    expect(logged).toEqual([{ err: fault }]);
  });

  it('accepts bodies that middleware has already read', async () => {
    const { createServer } = await import('node:http');
    const listener = createGateway({ target: served.things.target, descriptors: served.descriptors });
    const server = createServer(async (request, response) => {
      const chunks = await request.toArray();
      listener(Object.assign(request, { body: JSON.parse(Buffer.concat(chunks).toString()) }), response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const headers = { 'content-type': 'application/json', connection: 'close' };
    const answer = await fetch(`http://127.0.0.1:${port}/v1/things`, {
      method: 'POST',
      headers,
      body: '{"name":"x"}',
    });
    expect(await answer.json()).toEqual({ name: 'x' });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    listener.close();
  });

  it('answers requests with any x-request-id text, which middleware may set (contract 50)', async () => {
    const { createServer } = await import('node:http');
    const listener = createGateway({ target: served.things.target, descriptors: served.descriptors });
    const server = createServer((request, response) => {
      request.headers['x-request-id'] = 'r-漢\ud83d\n1';
      listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const answer = await fetch(`http://127.0.0.1:${port}/v1/things/a`, { headers: { connection: 'close' } });
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([200, 'r-???1']);
    await new Promise((resolve) => server.close(resolve));
    listener.close();
  });

  it('keeps code and message of an error with malformed details', async () => {
    const broken = { typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value: Buffer.from([0x0a, 0xff]) };
    served.things.answer = () =>
      Promise.reject(new StatusError(Code.RESOURCE_EXHAUSTED, 'slow \ud83d down', [broken]));
    const answer = await served.gateway.ask('GET', '/v1/things/a');
    expect(answer.status).toBe(429);
    expect(answer.json).toEqual({
      error: { code: 429, message: 'slow \ufffd down', status: 'RESOURCE_EXHAUSTED' },
    });
  });

  it('keeps answering when a service fails', async () => {
    served.things.answer = () => Promise.reject(new StatusError(Code.UNAVAILABLE, 'away'));
    expect((await served.gateway.ask('GET', '/v1/things/a')).status).toBe(503);
    served.things.answer = () => undefined;
    expect((await served.gateway.ask('GET', '/v1/things/a')).status).toBe(200);
  });
});
