import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it, jest } from '@jest/globals';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { certificateMaker, pem } from '../helpers/own-certificates.js';
import { run, Serving } from './command-line.js';

jest.setTimeout(300_000);

const LIST = ['list', 'projects/p/locations/l'];

describe('serve with TLS', () => {
  const opened = closeAfterEach();

  it('mutual TLS for gRPC and a separate REST port; SIGHUP reloads certificates, and a broken one is logged', async () => {
    const maker = opened(certificateMaker());
    const [first, second, client] = [
      await maker.make('first'),
      await maker.make('second'),
      await maker.make('client'),
    ];
    const [cert, key] = [join(maker.directory, 'tls.crt'), join(maker.directory, 'tls.key')];
    copyFileSync(first.cert, cert);
    copyFileSync(first.key, key);
    const serving = opened(
      await Serving.start([
        '--cert',
        cert,
        '--key',
        key,
        '--client-ca',
        client.cert,
        '--http-address',
        '127.0.0.1:0',
      ]),
    );
    const rest = Number((await serving.line(/REST on/)).split(':').at(-1));
    const address = serving.address.replace('127.0.0.1', 'localhost');
    const asClient = ['--cert', client.cert, '--key', client.key];
    expect((await run([...LIST, '--ca', first.cert, ...asClient], { address })).code).toBe(0);
    expect((await run([...LIST, '--ca', first.cert, '--timeout', '2s'], { address })).code).not.toBe(0);
    expect(await status(rest, { ca: pem(first.cert), cert: pem(client.cert), key: pem(client.key) })).toBe(
      200,
    );
    await expect(status(rest, { ca: pem(first.cert) })).rejects.toThrow();

    copyFileSync(second.cert, cert);
    copyFileSync(second.key, key);
    serving.child.kill('SIGHUP');
    await serving.line(/certificate was read again/, 'stderr');
    const ports = [Number(address.split(':').at(-1)), rest];
    expect(await Promise.all(ports.map(subjectAt))).toEqual(['second', 'second']);
    writeFileSync(cert, 'broken');
    serving.child.kill('SIGHUP');
    await serving.line(/previous certificate stays in use: certificate cannot be used/, 'stderr');
    expect(await Promise.all(ports.map(subjectAt))).toEqual(['second', 'second']);
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toMatchObject({ code: 0 });
  });

  it.each<[string[], RegExp]>([
    [['--address', '0.0.0.0:0'], /address "0\.0\.0\.0:0" can be reached from other machines.*--insecure/],
    [['--cert', 'a.pem'], /only one of --cert and --key is given/],
    [['--client-ca', 'a.pem'], /--client-ca is given without TLS: add --cert and --key/],
    [['--cert', '/no/such', '--key', '/no/such'], /certificate "\/no\/such" cannot be read/],
    [['--cert', 'a', '--key', 'b', '--insecure'], /--insecure/],
  ])('rejects serve %j', async (args, message) => {
    const { code, stderr } = await run(['serve', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it('--insecure listens in plain text at all addresses', async () => {
    const serving = opened(await Serving.start(['--address', '0.0.0.0:0', '--insecure']));
    const address = serving.address.replace('0.0.0.0', '127.0.0.1');
    expect((await run(LIST, { address })).code).toBe(0);
  });
});

function status(port: number, options: object): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ port, host: 'localhost', path: '/readyz', agent: false, ...options }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end();
  });
}

/** Resolves to the certificate that the server presents, even if it then rejects the connection. */
async function subjectAt(port: number): Promise<unknown> {
  const socket = connect({
    port,
    host: 'localhost',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return CN;
}
