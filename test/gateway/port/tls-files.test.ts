import { once } from 'node:events';
import { copyFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, it, jest } from '@jest/globals';
import { type TlsFiles, watchTlsFiles } from '../../../src/gateway/index.js';
import { manualClock, settled } from '../../../src/testing/clock/manual-clock.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { certificateMaker, type OwnCertificate, pem } from '../../helpers/own-certificates.js';
import { processFaults } from '../../helpers/process-faults.js';
import { serveOnePort } from './one-port.js';

const fail = () => {
  throw new Error('user code');
};

const REQUEST = 'GET /v1/things/a HTTP/1.1\r\nhost: x\r\n\r\n';

describe('certificates in files', () => {
  const opened = closeAfterEach();

  it.each([
    ['throws', () => fail()],
    ['rejects', async () => fail()],
  ])('are followed where the logger %s', async (_, log) => {
    using faults = processFaults();
    using reported = jest.spyOn(console, 'error').mockImplementation(() => {});
    const made = opened(certificateMaker());
    const [first, second] = [await made.make('first'), await made.make('second')];
    const files = { cert: join(made.directory, 'tls.crt'), key: join(made.directory, 'tls.key') };
    copyFileSync(first.cert, files.cert);
    copyFileSync(first.key, files.key);
    const clock = manualClock();
    using tls = await watchTlsFiles(files, { clock, logger: { info: log, error: log } });
    let changes = 0;
    tls.onChange(fail);
    tls.onChange(() => {
      changes++;
    });
    // First one mismatched file, then both.
    copyFileSync(second.key, files.key);
    await tls.reload();
    copyFileSync(second.cert, files.cert);
    await tls.reload();
    expect(changes).toBe(1);
    expect(await faults.take()).toEqual([]);
    expect(reported).toHaveBeenCalled();
  });

  /** Serves a port with the first of two certificates. */
  async function serve(more: Partial<TlsFiles> = {}) {
    const made = opened(certificateMaker());
    const [first, second] = [await made.make('first'), await made.make('second')];
    const files = { cert: join(made.directory, 'tls.crt'), key: join(made.directory, 'tls.key'), ...more };
    const put = ({ cert, key }: OwnCertificate) => {
      copyFileSync(cert, files.cert);
      copyFileSync(key, files.key);
    };
    put(first);
    const clock = manualClock();
    const logged: string[] = [];
    const logger = {
      info: (_: object, message: string) => logged.push(message),
      error: (_: object, message: string) => logged.push(message),
    };
    const tls = await watchTlsFiles(files, { clock, logger });
    const port = opened(await serveOnePort({ port: { tls } }), {
      [Symbol.asyncDispose]: async () => tls[Symbol.dispose](),
    });
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
    return { made, first, second, files, put, clock, logged, tls, port, dial, served };
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

  it('logs an unusable certificate once and keeps the previous one; reload() reads at once', async () => {
    const { put, files, first, second, logged, tls, served } = await serve();
    writeFileSync(files.cert, 'no PEM');
    await tls.reload();
    await tls.reload();
    expect(logged).toEqual([
      expect.stringMatching(/^previous certificate stays in use: certificate cannot be used: .+; give /),
    ]);
    put({ cert: second.cert, key: first.key });
    await tls.reload();
    expect(logged).toHaveLength(2);
    rmSync(files.key);
    await tls.reload();
    expect(logged[2]).toMatch(
      /^previous certificate stays in use: private key ".*tls\.key" cannot be read: /,
    );
    expect(await served()).toBe('first');
    put(second);
    await tls.reload();
    expect(await served()).toBe('second');
  });

  it('detects a symbolic link that changes its target, as in Kubernetes', async () => {
    const { made, files, second, tls, served } = await serve();
    rmSync(files.cert);
    rmSync(files.key);
    symlinkSync(second.cert, files.cert);
    symlinkSync(second.key, files.key);
    await tls.reload();
    expect(await served()).toBe('second');
    expect(made.directory).toContain('longrunning');
  });

  it('clients without a certificate of the CA are turned away', async () => {
    const maker = opened(certificateMaker());
    const trusted = await maker.make('client');
    const { dial, port } = await serve({ clientCa: trusted.cert });
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
    await expect(watchTlsFiles({ cert: '/no/such/file', key: one.key })).rejects.toThrow(
      /^certificate "\/no\/such\/file" cannot be read: .+; name a file in PEM$/,
    );
    await expect(watchTlsFiles({ cert: one.cert, key: other.key })).rejects.toThrow(
      /^certificate cannot be used: /,
    );
    await expect(serveOnePort({ port: { tls: { cert: pem(one.cert) } } })).rejects.toThrow(
      'TLS has no private key: give `cert` and `key`',
    );
  });

  it('replaceTls of a port in plain text is refused', async () => {
    await using port = await serveOnePort();
    expect(() => port.served.replaceTls({})).toThrow('port speaks plain text: serve it with `tls`');
  });
});

/** Response to one request on a connection that stays open. */
async function answerOf(socket: TLSSocket): Promise<string> {
  socket.write(REQUEST);
  const [chunk] = await once(socket, 'data');
  return String(chunk);
}
