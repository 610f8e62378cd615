import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { ChannelCredentials, Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawGrpc } from '../../helpers/raw-grpc.js';
import { getThing, type OnePort, serveOnePort } from './one-port.js';

const pem = (file: string) => readFileSync(join(__dirname, '../../client/certificates', file));
const ca = pem('ca.pem');
const OF_SERVER = { cert: pem('server.pem'), key: pem('server-key.pem') };
const OF_CLIENT = { cert: pem('client.pem'), key: pem('client-key.pem') };
const HTTP_1 = 'GET /v1/things/a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
/** Preface with the SETTINGS frame that must follow. */
const HTTP_2 = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const SETTINGS_TYPE = 4;

describe('servePort › TLS', () => {
  let port: OnePort;
  beforeAll(async () => {
    port = await serveOnePort({ port: { tls: OF_SERVER } });
  });
  afterAll(async () => port[Symbol.asyncDispose]());

  const dial = (options: ConnectionOptions = {}) =>
    connect({ port: port.served.port, host: '127.0.0.1', servername: 'localhost', ca, ...options });

  it('answers gRPC and REST', async () => {
    const client = new Client(`localhost:${port.served.port}`, ChannelCredentials.createSsl(ca));
    expect(await getThing(client, port.things, 'things/a')).toBe('things/a');
    client.close();
    expect(await status(port, {})).toBe(200);
  });

  it.each([
    [['h2'], 'h2'],
    [['http/1.1'], 'http/1.1'],
    [['h2', 'http/1.1'], 'http/1.1'],
  ])('a client that offers %j negotiates %s', async (ALPNProtocols, chosen) => {
    const socket = dial({ ALPNProtocols });
    await once(socket, 'secureConnect');
    expect(socket.alpnProtocol).toBe(chosen);
    socket.destroy();
  });

  it('a client that offers no supported protocol is rejected', async () => {
    const [error] = await once(dial({ ALPNProtocols: ['spdy/3'] }), 'error');
    expect(String(error)).toMatch(/no application protocol/i);
  });

  it('a client without ALPN: its first bytes decide', async () => {
    const rest = dial();
    rest.write(HTTP_1);
    expect(String(await answerOf(rest))).toMatch(/^HTTP\/1\.1 200 /);
    const grpc = dial();
    grpc.write(HTTP_2);
    const [frame] = await once(grpc, 'data');
    expect(frame[3]).toBe(SETTINGS_TYPE);
    grpc.destroy();
  });

  it('survives connections without TLS', async () => {
    expect(await port.raw(HTTP_1)).not.toMatch(/ 200 /);
    await using raw = rawGrpc(port.served.address);
    await once(raw.session, 'close');
    expect(await status(port, {})).toBe(200);
  });

  it('requests client certificates for both protocols', async () => {
    const tls = { ...OF_SERVER, clientCa: ca };
    await using mutual = await serveOnePort({ port: { tls } });
    const credentials = ChannelCredentials.createSsl(ca, OF_CLIENT.key, OF_CLIENT.cert);
    const client = new Client(`localhost:${mutual.served.port}`, credentials);
    const subjects: unknown[] = [];
    mutual.things.answer = ({ call }) => {
      subjects.push(call.getAuthContext().sslPeerCertificate?.subject.CN);
      return undefined;
    };
    await getThing(client, mutual.things, 'things/a');
    client.close();
    expect(subjects).toEqual([expect.any(String)]);
    expect(await status(mutual, OF_CLIENT)).toBe(200);
    await expect(status(mutual, {})).rejects.toThrow();
  });

  it('closes its connections', async () => {
    const closing = await serveOnePort({ port: { tls: OF_SERVER } });
    const idle = connect({ port: closing.served.port, host: '127.0.0.1', servername: 'localhost', ca });
    await once(idle, 'secureConnect');
    const ended = once(idle.resume(), 'close');
    await closing.served.close({ graceMs: 60_000 });
    await ended;
    await closing[Symbol.asyncDispose]();
  });
});

async function status({ served }: OnePort, options: ConnectionOptions): Promise<number | undefined> {
  const agent = new Agent({ ca, servername: 'localhost', ...options });
  const asked = request({ host: '127.0.0.1', port: served.port, path: '/v1/things/a', agent }).end();
  try {
    const [answer] = await once(asked, 'response');
    answer.resume();
    await once(answer, 'end');
    return answer.statusCode;
  } finally {
    agent.destroy();
  }
}

async function answerOf(socket: TLSSocket): Promise<Buffer> {
  return Buffer.concat(await socket.toArray());
}
