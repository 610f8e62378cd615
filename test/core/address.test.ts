import { describe, expect, it } from '@jest/globals';
import { parseAddress } from '../../src/core/address.js';

describe('address', () => {
  it.each([
    'localhost:50051',
    'LOCALHOST:1',
    'localhost',
    '127.0.0.1:50051',
    '127.1.2.3:1',
    '[::1]:50051',
    'unix:/run/operations.sock',
    'unix:///run/operations.sock',
    'unix-abstract:operations',
  ])('%s is loopback', (address) => {
    expect(parseAddress(address)).toEqual({ target: address, loopback: true, tls: false });
  });

  it.each([
    'example.com:443',
    'example.com',
    'localhost.example.com:443',
    '127.0.0.1.example.com:443',
    '127.example.com',
    '[::2]:443',
    '10.0.0.1:50051',
    'dns:///example.com:443',
    'dns:///127.0.0.1:443',
  ])('%s is not loopback', (address) => {
    expect(parseAddress(address)).toEqual({ target: address, loopback: false, tls: true });
  });

  it.each([
    ['https://example.com', { target: 'example.com:443', loopback: false, tls: true }],
    ['https://example.com/', { target: 'example.com:443', loopback: false, tls: true }],
    ['HTTPS://example.com:8443', { target: 'example.com:8443', loopback: false, tls: true }],
    ['https://localhost:50051', { target: 'localhost:50051', loopback: true, tls: true }],
    ['https://[::1]', { target: '[::1]:443', loopback: true, tls: true }],
  ])('%s uses TLS, on port 443 by default', (address, expected) => {
    expect(parseAddress(address)).toEqual(expected);
  });

  it.each([
    '',
    ' ',
    'local host:1',
    'http://localhost:50051',
    'https://',
    'https://a/b',
    'https://u@h',
    'localhost:1\n',
    'localhost:65536',
    'https://example.com:99999',
  ])('rejects %j with an error that names the value and the format', (address) => {
    expect(() => parseAddress(address)).toThrow(
      new TypeError(
        `address ${JSON.stringify(address)} is malformed: write "host:port", "https://host" or "unix:/path"`,
      ),
    );
  });

  it('rejects undefined, such as from an unset environment variable', () => {
    expect(() => parseAddress(undefined as unknown as string)).toThrow('address "undefined" is malformed: ');
  });
});
