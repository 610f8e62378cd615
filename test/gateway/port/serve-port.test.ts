import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { servePort } from '../../../src/gateway/index.js';
import { rawGrpc } from '../../helpers/raw-grpc.js';
import { serveOnePort } from './one-port.js';

const GET = 'GET /v1/things/a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

describe('servePort', () => {
  it('answers gRPC and REST', async () => {
    await using port = await serveOnePort();
    expect(await port.getThing('things/a')).toBe('things/a');
    expect((await port.ask('GET', '/v1/things/b')).json).toEqual({ name: 'things/b' });
    expect(port.served.address).toBe(`127.0.0.1:${port.served.port}`);
  });

  it('passes the caller to service handlers, over gRPC and REST', async () => {
    await using port = await serveOnePort({ target: 'services' });
    const peers: string[] = [];
    port.things.answer = ({ call }) => {
      peers.push(call.getPeer());
      return undefined;
    };
    await port.getThing('things/a');
    await port.ask('GET', '/v1/things/b');
    const anyPort = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
    expect(peers).toEqual([anyPort, anyPort]);
  });

  it('applies the connection options of the gRPC server', async () => {
    await using port = await serveOnePort({
      server: { 'grpc.max_concurrent_streams': 7, 'grpc.keepalive_time_ms': 20 },
    });
    await using raw = rawGrpc(port.served.address);
    const pinged = once(raw.session, 'ping');
    const [settings] = await once(raw.session, 'remoteSettings');
    expect(settings.maxConcurrentStreams).toBe(7);
    await pinged;
  });

  it('allows more pending REST calls than one connection has streams', async () => {
    await using port = await serveOnePort({ server: { 'grpc.max_concurrent_streams': 3 } });
    const names = Array.from({ length: 20 }, (_, index) => `things/${index}`);
    const answers = await Promise.all(names.map((name) => port.ask('GET', `/v1/${name}`)));
    expect(answers.map(({ json }) => json)).toEqual(names.map((name) => ({ name })));
  });

  it('a gRPC server only: no HTTP/1.1', async () => {
    await using port = await serveOnePort({ speaks: 'gRPC' });
    expect(await port.getThing('things/a')).toBe('things/a');
    await expect(port.ask('GET', '/v1/things/a')).rejects.toThrow();
  });

  it('a gateway only: no gRPC', async () => {
    await using port = await serveOnePort({ speaks: 'REST' });
    expect((await port.ask('GET', '/v1/things/a')).status).toBe(200);
    await expect(port.getThing('things/a')).rejects.toMatchObject({ code: 14 });
  });

  it('listens on a Unix socket and removes it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'longrunning-'));
    const socketPath = join(directory, 'a.sock');
    {
      await using port = await serveOnePort({ port: { address: `unix:${socketPath}` } });
      expect([port.served.address, port.served.port]).toEqual([`unix:${socketPath}`, 0]);
      expect(await port.getThing('things/a')).toBe('things/a');
      const asked = request({ socketPath, path: '/v1/things/a', agent: false }).end();
      const [answer] = await once(asked, 'response');
      expect(answer.statusCode).toBe(200);
      answer.resume();
    }
    expect(existsSync(socketPath)).toBe(false);
    rmSync(directory, { recursive: true });
  });

  it('rejects an address that is malformed or in use', async () => {
    await using port = await serveOnePort();
    const { server } = port.things;
    await expect(servePort({ server, address: 'here' })).rejects.toThrow(TypeError);
    const taken = servePort({ server, address: port.served.address });
    await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('localhost: listens on every available address', async () => {
    await using port = await serveOnePort({ port: { address: 'localhost:0' } });
    expect(await port.getThing('things/a')).toBe('things/a');
    expect(port.served.address).toBe(`localhost:${port.served.port}`);
  });
});

describe('servePort › close', () => {
  it('lets pending calls and requests finish', async () => {
    await using port = await serveOnePort();
    const waiting: (() => void)[] = [];
    port.things.answer = () => new Promise((resolve) => waiting.push(() => resolve(undefined)));
    const answers = [port.getThing('things/a'), port.ask('GET', '/v1/things/b')] as const;
    await until(() => waiting.length === 2);
    const closed = port.served.close({ graceMs: 60_000 });
    for (const finish of waiting) finish();
    const [grpc, rest] = await Promise.all(answers);
    await closed;
    expect([grpc, rest.json, rest.headers.connection]).toEqual(['things/a', { name: 'things/b' }, 'close']);
    await expect(port.ask('GET', '/v1/things/b')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('closes connections that are idle or have sent nothing yet', async () => {
    await using port = await serveOnePort();
    const silent = connect(port.served.port, '127.0.0.1');
    const idle = connect(port.served.port, '127.0.0.1');
    await using raw = rawGrpc(port.served.address);
    idle.write('GET /v1/things/a HTTP/1.1\r\nhost: x\r\n\r\n');
    await Promise.all([once(silent, 'connect'), once(idle, 'data'), once(raw.session, 'remoteSettings')]);
    const ended = [once(silent.resume(), 'close'), once(idle.resume(), 'close'), once(raw.session, 'close')];
    await port.served.close({ graceMs: 60_000 });
    await Promise.all(ended);
  });

  it('terminates the rest after its grace period', async () => {
    await using port = await serveOnePort();
    port.things.answer = () => new Promise(() => {});
    const answers = [port.getThing('things/a'), port.ask('GET', '/v1/things/b')];
    const failures = Promise.allSettled(answers);
    await until(() => port.things.calls.length === 2);
    await port.served.close({ graceMs: 10 });
    expect((await failures).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('releases the port', async () => {
    await using port = await serveOnePort();
    expect(await port.raw(GET)).toMatch(/^HTTP\/1\.1 200/);
    await port.served.close();
    const next = createServer().listen(port.served.port, '127.0.0.1');
    await once(next, 'listening');
    next.close();
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
