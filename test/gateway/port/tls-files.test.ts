import { once } from 'node:events';
import { copyFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, it, jest } from '@jest/globals';
import type { ServerTls } from '../../../src/gateway/index.js';
import { type ManualClock, manualClock, settled } from '../../../src/testing/clock/manual-clock.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { certificateMaker, type OwnCertificate, pem } from '../../helpers/own-certificates.js';
import { processFaults } from '../../helpers/process-faults.js';
import { serveOnePort } from './one-port.js';

const fail = () => {
  throw new Error('user code');
};

const REQUEST = 'GET /v1/things/a HTTP/1.1\r\nhost: x\r\n\r\n';

describe('certificate files', () => {
  const opened = closeAfterEach();

  it.each([
    ['throws', () => fail()],
    ['rejects', async () => fail()],
  ])('are reloaded even if the logger %s', async (_, log) => {
    using faults = processFaults();
    using reported = jest.spyOn(console, 'error').mockImplementation(() => {});
    const made = opened(certificateMaker());
    const [first, second] = [await made.make('first'), await made.make('second')];
    const files = { certFile: join(made.directory, 'tls.crt'), keyFile: join(made.directory, 'tls.key') };
    copyFileSync(first.cert, files.certFile);
    copyFileSync(first.key, files.keyFile);
    const clock = manualClock();
    const logger = { info: jest.fn(log), error: jest.fn(log) };
    opened(await serveOnePort({ port: { tls: files, clock, logger } }));
    // First one mismatched file, then both.
    copyFileSync(second.key, files.keyFile);
    await pollUntil(clock, () => logger.error.mock.calls.length === 1);
    copyFileSync(second.cert, files.certFile);
    await pollUntil(clock, () => logger.info.mock.calls.length === 1);
    expect(await faults.take()).toEqual([]);
    expect(reported).toHaveBeenCalled();
  });

  /** Serves a port with the first of two certificates. */
  async function serve(more: { readonly clientCaFile?: string } = {}) {
    const made = opened(certificateMaker());
    const [first, second] = [await made.make('first'), await made.make('second')];
    const files = {
      certFile: join(made.directory, 'tls.crt'),
      keyFile: join(made.directory, 'tls.key'),
      ...more,
    };
    const put = ({ cert, key }: OwnCertificate) => {
      copyFileSync(cert, files.certFile);
      copyFileSync(key, files.keyFile);
    };
    put(first);
    const clock = manualClock();
    const logged: string[] = [];
    const logger = {
      info: (_: object, message: string) => logged.push(message),
      error: (_: object, message: string) => logged.push(message),
    };
    const port = opened(await serveOnePort({ port: { tls: files, clock, logger } }));
    const ca = [pem(first.cert), pem(second.cert)];
    const dial = (options: object = {}) =>
      connect({ port: port.served.port, host: '127.0.0.1', servername: 'localhost', ca, ...options });
    /** Certificate that a new connection gets. */
    const served = async () => {
      const socket = dial();
      await once(socket, 'secureConnect');
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return CN;
    };
    return { made, first, second, files, put, clock, logged, port, dial, served };
  }

  it('detects a new certificate within ten seconds; open connections continue', async () => {
    const { put, second, clock, logged, dial, served } = await serve();
    const open = dial();
    expect(await answerOf(open)).toMatch(/^HTTP\/1\.1 200 /);
    put(second);
    expect(await served()).toBe('first');
    await clock.advance(10_000);
    while (logged.length === 0) await settled();
    expect(await served()).toBe('second');
    expect(await answerOf(open)).toMatch(/^HTTP\/1\.1 200 /);
    expect(logged).toEqual(['certificate changed; new connections use it']);
    open.destroy();
  });

  it('logs an unusable certificate once and keeps the previous one', async () => {
    const { put, files, first, second, logged, clock, served } = await serve();
    const lines = (count: number) => pollUntil(clock, () => logged.length === count);
    writeFileSync(files.certFile, 'no PEM');
    await lines(1);
    await clock.advance(10_000);
    await settled();
    expect(logged).toEqual([
      expect.stringMatching(/^previous certificate stays in use: certificate cannot be used: .+; give /),
    ]);
    put({ cert: second.cert, key: first.key });
    await lines(2);
    rmSync(files.keyFile);
    await lines(3);
    expect(logged[2]).toMatch(
      /^previous certificate stays in use: private key ".*tls\.key" cannot be read: /,
    );
    expect(await served()).toBe('first');
    put(second);
    await lines(4);
    expect(await served()).toBe('second');
  });

  it('detects a symbolic link that changes its target, as in Kubernetes', async () => {
    const { files, second, logged, clock, served } = await serve();
    rmSync(files.certFile);
    rmSync(files.keyFile);
    symlinkSync(second.cert, files.certFile);
    symlinkSync(second.key, files.keyFile);
    await pollUntil(clock, () => logged.length === 1);
    expect(await served()).toBe('second');
  });

  it('replaceTls reads files at once, takes PEM data, and keeps the certificate if the new one is unusable', async () => {
    const { put, files, first, second, logged, clock, port, served } = await serve();
    put(second);
    await port.served.replaceTls(files);
    expect(await served()).toBe('second');
    await port.served.replaceTls({ cert: pem(first.cert), key: pem(first.key) });
    expect(await served()).toBe('first');
    await expect(port.served.replaceTls({ cert: pem(first.cert), key: pem(second.key) })).rejects.toThrow(
      'certificate cannot be used',
    );
    // The files are no longer followed.
    put(first);
    put(second);
    await clock.advance(20_000);
    await settled();
    expect(await served()).toBe('first');
    expect(logged).toEqual([]);
  });

  it('rejects clients without a certificate of the CA', async () => {
    const maker = opened(certificateMaker());
    const trusted = await maker.make('client');
    const { dial, port } = await serve({ clientCaFile: trusted.cert });
    const let_in = dial({ cert: pem(trusted.cert), key: pem(trusted.key) });
    expect(await answerOf(let_in)).toMatch(/^HTTP\/1\.1 200 /);
    let_in.destroy();
    const stranger = await maker.make('stranger');
    for (const options of [{}, { cert: pem(stranger.cert), key: pem(stranger.key) }]) {
      const refused = dial(options);
      refused.on('error', () => {});
      refused.write(REQUEST);
      await new Promise((resolve) => refused.once('close', resolve));
    }
    expect(port.things.calls).toHaveLength(1);
  });

  it('rejects an unusable certificate at the start', async () => {
    const maker = opened(certificateMaker());
    const [one, other] = [await maker.make('one'), await maker.make('other')];
    const cert = pem(one.cert);
    const key = pem(one.key);
    const unusable: [ServerTls | object, RegExp][] = [
      [
        { certFile: '/no/such/file', keyFile: one.key },
        /^certificate "\/no\/such\/file" cannot be read: .+; name a file in PEM$/,
      ],
      [{ certFile: one.cert, keyFile: other.key }, /^certificate cannot be used: /],
      [{ cert }, /^tls has no private key: give `cert` and `key`, or `certFile` and `keyFile`$/],
      [{}, /^tls has no certificate: give /],
      [{ keyFile: one.key }, /^tls has no certificate: give /],
      [{ cert, keyFile: one.key }, /^tls mixes PEM data and files \(cert, keyFile\): give either /],
      [{ cert, key, clientCaFile: one.cert }, /^tls mixes PEM data and files /],
      [{ cert, key, clientCa: 'no PEM' }, /^certificate cannot be used: /],
      // Options of node:tls, which would not protect the server if they were ignored.
      [{ cert, key, ca: cert, requestCert: true }, /^tls has an unknown field "ca": give cert, key, /],
    ];
    for (const [tls, message] of unusable)
      await expect(serveOnePort({ port: { tls: tls as ServerTls } })).rejects.toThrow(message);
  });

  it('replaceTls rejects a plain-text port', async () => {
    await using port = await serveOnePort();
    await expect(port.served.replaceTls({ cert: '', key: '' })).rejects.toThrow(
      'port speaks plain text: serve it with `tls`',
    );
  });
});

/** Lets the port read its files until it has noticed the change. */
async function pollUntil(clock: ManualClock, isNoticed: () => boolean): Promise<void> {
  while (!isNoticed()) {
    await clock.advance(10_000);
    await settled();
  }
}

/** Response to one request on a connection that stays open. */
async function answerOf(socket: TLSSocket): Promise<string> {
  socket.write(REQUEST);
  const [chunk] = await once(socket, 'data');
  return String(chunk);
}
