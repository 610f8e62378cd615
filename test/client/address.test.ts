import { describe, expect, it } from '@jest/globals';
import { parseAddress } from '../../src/client/address.js';

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
    expect(parseAddress(address)).toEqual({ target: address, loopback: true });
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
  ])('%s is not', (address) => {
    expect(parseAddress(address)).toEqual({ target: address, loopback: false });
  });

  it.each(['', ' ', 'local host:1', 'http://localhost:50051', 'https://example.com', 'localhost:1\n'])(
    '%j is refused, with the value and the way to write it',
    (address) => {
      expect(() => parseAddress(address)).toThrow(
        new TypeError(`address ${JSON.stringify(address)} is malformed: write "host:port" or "unix:/path"`),
      );
    },
  );
});
