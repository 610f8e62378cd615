import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { PARENT, type ReportsServer, startReportsServer } from '../../../src/conformance/reports-server.js';
import { FORWARDED_PEER_HEADER, forwardedPeer, forwardPeer } from '../../../src/core/forwarded-peer.js';
import type { GatewayTarget } from '../../../src/gateway/gateway.js';
import { callerKey } from '../../../src/server/access/call-facts.js';
import type { AuthorizeRequest } from '../../../src/server/index.js';
import { serveBesideGrpc } from '../../gateway/http-client.js';

const LOCAL = /^127\.0\.0\.1:\d+$/;

/** A server that notes whom it is asked about. */
async function noting() {
  const asked: AuthorizeRequest[] = [];
  const server = await startReportsServer({
    authorize: ({ method, name, headers, peer, caller }) => {
      asked.push({ method, name, headers, peer, caller });
      return undefined;
    },
  });
  return { asked, server };
}

describe('the facts of a call', () => {
  it('contain method, name, headers and peer, for each of the five methods and for a start', async () => {
    const { asked, server } = await noting();
    await using _ = server;
    const options = { headers: { 'x-tenant': 'a' } };
    const { name } = await server.overGrpc.exportReport({}, options);
    const { operations } = server.overGrpc;
    await operations.getOperation({ name }, options);
    await operations.listOperations({ name: PARENT }, options);
    await operations.cancelOperation({ name }, options);
    await operations.waitOperation({ name, timeout: { seconds: 0, nanos: 0 } }, options);
    await operations.deleteOperation({ name }, options);
    expect(asked.map(({ method, name: about }) => [method.split('/')[2], about])).toEqual([
      ['ExportReport', PARENT],
      ['GetOperation', name],
      ['ListOperations', PARENT],
      ['CancelOperation', name],
      ['WaitOperation', name],
      ['DeleteOperation', name],
    ]);
    for (const { headers, peer } of asked) {
      expect(headers).toMatchObject({ 'x-tenant': 'a' });
      expect(peer).toMatch(LOCAL);
    }
  });

  it.each<[string, (server: ReportsServer) => GatewayTarget]>([
    ['a server', ({ server }) => ({ server })],
    ['operations', ({ kit }) => ({ operations: kit })],
  ])(
    'over REST of %s contain the peer of the gateway, but not its internal headers',
    async (_what, target) => {
      const { asked, server } = await noting();
      await using _ = server;
      const settings = { headers: [FORWARDED_PEER_HEADER] };
      await using rest = await serveBesideGrpc(server.server, settings, target(server));
      await rest.ask('GET', `/v1/${PARENT}/operations`, {
        headers: { authorization: 'Bearer t', [FORWARDED_PEER_HEADER]: 'me', 'x-forwarded-for': '192.0.2.7' },
      });
      const [facts] = asked;
      expect(facts?.peer).toMatch(LOCAL);
      expect(facts?.headers).toMatchObject({ authorization: 'Bearer t' });
      expect(facts?.headers).not.toHaveProperty(FORWARDED_PEER_HEADER);
    },
  );

  it('cannot be forged over gRPC by the header of the gateway', async () => {
    const { asked, server } = await noting();
    await using _ = server;
    const headers = { [FORWARDED_PEER_HEADER]: randomUUID() };
    await server.overGrpc.operations.listOperations({ name: PARENT }, { headers });
    expect(asked[0]?.peer).toMatch(LOCAL);
    expect(asked[0]?.headers).not.toHaveProperty(FORWARDED_PEER_HEADER);
  });

  it('a forwarded peer is valid until its call ends', () => {
    const { token, end } = forwardPeer('192.0.2.7:1');
    expect(forwardedPeer(token)).toBe('192.0.2.7:1');
    end();
    expect(forwardedPeer(token)).toBeUndefined();
  });

  it('does not apply to in-process calls', async () => {
    const { asked, server } = await noting();
    await using _ = server;
    const { name } = await server.inProcess.exportReport();
    await server.inProcess.operations.getOperation({ name });
    expect(asked).toEqual([]);
  });
});

describe('callerKey', () => {
  it('is the principal, else the address without the port', () => {
    expect(callerKey({ principal: 'principal://a/subject/1' }, '192.0.2.7:5')).toBe(
      'principal://a/subject/1',
    );
    expect(callerKey({}, '192.0.2.7:5')).toBe('peer:192.0.2.7');
    expect(callerKey({}, '::ffff:192.0.2.7:5')).toBe('peer:192.0.2.7');
    expect(callerKey({}, 'unknown')).toBe('peer:unknown');
  });

  it.each([
    '2001:db8:0:7::1:50312',
    '2001:0DB8::7:ffff:0:0:1:443',
    '[2001:db8:0:7:1:2:3:4]:5',
    '2001:db8:0:7::192.0.2.7:5',
  ])('an IPv6 address counts by its /64: %s', (peer) => {
    expect(callerKey({}, peer)).toBe('peer:2001:db8:0:7::/64');
  });

  it('other IPv6 networks and addresses of one machine have separate keys', () => {
    expect(callerKey({}, '2001:db8::7:5')).toBe('peer:2001:db8:0:0::/64');
    expect(callerKey({}, '2001:db8:0:8::1:5')).toBe('peer:2001:db8:0:8::/64');
    expect(callerKey({}, '::1:5')).toBe('peer:0:0:0:0::/64');
    expect(callerKey({}, 'fe80::1%eth0:5')).toBe('peer:fe80:0:0:0::/64');
  });
});
