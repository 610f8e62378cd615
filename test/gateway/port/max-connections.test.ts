import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { type OnePortOptions, serveOnePort } from './one-port.js';

const pem = (file: string) => readFileSync(join(__dirname, '../../client/certificates', file));
const tls = { cert: pem('server.pem'), key: pem('server-key.pem') };
const GET = 'GET /v1/things/a HTTP/1.1\r\nhost: x\r\n\r\n';

describe('servePort › maxConnections', () => {
  const opened = closeAfterEach();

  async function serve(port: OnePortOptions['port']) {
    const { served } = opened(await serveOnePort({ port: { maxConnections: 2, ...port } }));
    const dial = () => {
      const at = { port: served.port, host: '127.0.0.1', servername: 'localhost', ca: pem('ca.pem') };
      const socket: Socket = port?.tls ? connectTls(at) : connect(at);
      socket.on('error', () => {});
      opened({ [Symbol.asyncDispose]: async () => void socket.destroy() });
      return socket;
    };
    const answered = async (socket: Socket) => {
      socket.write(GET);
      const [answer] = await once(socket, 'data');
      return String(answer).split('\r\n')[0];
    };
    return { dial, answered };
  }

  it.each([
    ['plain text', {}],
    ['TLS', { tls }],
  ])('%s: one more is closed; the others continue, and a closed one makes room', async (_, port) => {
    const { dial, answered } = await serve(port);
    const [first, second] = [dial(), dial()];
    for (const socket of [first, second]) expect(await answered(socket)).toBe('HTTP/1.1 200 OK');
    const third = dial();
    third.write(GET);
    await new Promise((resolve) => third.once('close', resolve));
    expect(third.bytesRead).toBe(0);
    expect(await answered(first)).toBe('HTTP/1.1 200 OK');
    second.destroy();
    await untilAnswered(async () => answered(dial()));
  });

  it.each([0, 1.5, Number.NaN])('rejects %s', async (maxConnections) => {
    await expect(serveOnePort({ port: { maxConnections } })).rejects.toThrow(
      /^option maxConnections is .*: give a whole number, 1 or more, or leave it out$/,
    );
  });
});

/** Retries, because the server notices a closed connection late. */
async function untilAnswered(ask: () => Promise<string | undefined>): Promise<void> {
  for (;;) {
    const closed = sleep(200);
    if ((await Promise.race([ask().catch(() => undefined), closed])) === 'HTTP/1.1 200 OK') return;
  }
}
