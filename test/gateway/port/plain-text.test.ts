import { describe, expect, it } from '@jest/globals';
import { checkPlainText } from '../../../src/gateway/port/listening.js';
import { serveOnePort } from './one-port.js';

describe('plain text', () => {
  it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])('is allowed on %s', (host) => {
    expect(() => checkPlainText('there', [{ host, port: 1 }])).not.toThrow();
  });

  it('is allowed on a Unix socket', () => {
    expect(() => checkPlainText('unix:/x', [{ path: '/x' }])).not.toThrow();
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', '192.168.1.1', 'fe80::1', '::ffff:10.0.0.1', '128.0.0.1'])(
    'is rejected on %s',
    (host) => {
      const places = [
        { host: '127.0.0.1', port: 1 },
        { host, port: 1 },
      ];
      expect(() => checkPlainText('there', places)).toThrow(
        /^address "there" can be reached from other machines, and TLS is off: give a certificate, .*--insecure/,
      );
    },
  );

  it('servePort listens on all addresses only if insecure is set', async () => {
    await expect(serveOnePort({ port: { address: '0.0.0.0:0' } })).rejects.toThrow(TypeError);
    await using port = await serveOnePort({ port: { address: '0.0.0.0:0', insecure: true } });
    expect((await port.ask('GET', '/v1/things/a')).status).toBe(200);
  });
});
