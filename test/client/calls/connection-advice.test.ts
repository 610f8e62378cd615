import { describe, expect, it } from '@jest/globals';
import { connectionAdvice } from '../../../src/client/calls/connection-fault.js';

describe('connectionAdvice', () => {
  it.each([
    ['dns:///localhost', 'it has no port, so 443 was tried: write "localhost:PORT"'],
    ['localhost', 'it has no port, so 443 was tried: write "localhost:PORT"'],
    ['dns:///localhost:50051', 'check that a server listens there'],
    ['localhost:50051', 'check that a server listens there'],
    ['[::1]:50051', 'check that a server listens there'],
  ])('%s is refused: %s', (target, advice) => {
    expect(connectionAdvice('connect ECONNREFUSED 127.0.0.1:443', target)).toBe(advice);
  });

  it.each([
    ['dns:///localhost:50051', 'it speaks no TLS: write "localhost:50051", which is reached in plain text'],
    ['dns:localhost:50051', 'it speaks no TLS: write "localhost:50051", which is reached in plain text'],
    ['api.example:443', 'it speaks no TLS: leave out "https://" and tls'],
  ])('%s speaks no TLS: %s', (target, advice) => {
    expect(connectionAdvice('wrong version number', target)).toContain(advice);
  });

  it.each([
    ['certificate has expired', 'renew the certificate of the server'],
    ['self-signed certificate in certificate chain', 'tls.ca'],
    ['unable to get local issuer certificate', 'tls.ca'],
    ["Hostname/IP does not match certificate's altnames", 'connect by a name that its certificate has'],
    ['something new', 'check the address, and that a server listens there'],
  ])('%s: %s', (fault, advice) => {
    expect(connectionAdvice(fault, 'api.example:443')).toContain(advice);
  });
});
