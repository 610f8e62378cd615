import { describe, expect, it } from '@jest/globals';
import { parseListenAddress, placesOf, withPort } from '../../../src/gateway/port/listening.js';

describe('listen address', () => {
  it.each([
    ['127.0.0.1:0', { kind: 'host', host: '127.0.0.1', port: 0 }],
    ['localhost:50051', { kind: 'host', host: 'localhost', port: 50051 }],
    ['[::1]:8080', { kind: 'host', host: '::1', port: 8080 }],
    ['unix:relative.sock', { kind: 'path', path: 'relative.sock' }],
    ['unix:/run/a.sock', { kind: 'path', path: '/run/a.sock' }],
    ['unix:///run/a.sock', { kind: 'path', path: '/run/a.sock' }],
  ])('%s', (address, expected) => {
    expect(parseListenAddress(address)).toEqual(expected);
  });

  it.each(['here', '', ':80', '::1:80', '127.0.0.1', 'h:65536', 'h:-1', 'http://h:80', 'unix:', 'a b:1'])(
    '%j is malformed',
    (address) => {
      expect(() => parseListenAddress(address)).toThrow(TypeError);
    },
  );

  it('replaces port 0 with the assigned port', () => {
    expect(withPort('127.0.0.1:0', 1234)).toBe('127.0.0.1:1234');
    expect(withPort('[::1]:0', 1234)).toBe('[::1]:1234');
    expect(withPort('unix:a:0', 0)).toBe('unix:a:0');
  });

  it('resolves localhost to all its addresses', async () => {
    const places = await placesOf({ kind: 'host', host: 'localhost', port: 7 });
    expect(places).toContainEqual({ host: '127.0.0.1', port: 7 });
  });
});
