import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PARENT } from '../../../src/conformance/reports-server.js';
import { as } from './callers.js';
import {
  type Answer,
  type GuardedServer,
  type Rpc,
  startGuardedServer,
  type Transport,
} from './transports.js';

const PERMISSIONS: Readonly<Record<Rpc, string>> = {
  get: 'reports.operations.get',
  list: 'reports.operations.list',
  cancel: 'reports.operations.cancel',
  delete: 'reports.operations.delete',
  wait: 'reports.operations.wait',
  exportReport: 'reports.reports.export',
  purgeReports: 'reports.reports.purgeReports',
};
const RPCS = Object.keys(PERMISSIONS) as Rpc[];
const OF_OPERATIONS: readonly Rpc[] = ['get', 'cancel', 'delete', 'wait'];

/** Permissions on projects/p; all others are denied. */
const MAY: Readonly<Record<string, readonly Rpc[]>> = {
  reader: ['get', 'list', 'wait'],
  canceller: ['cancel'],
  starter: ['exportReport', 'list'],
  admin: RPCS,
};
/** A caller, and how everything is refused that it may not do. */
const CALLERS: readonly (readonly [who: string, token: string | undefined, code: string, reason: string])[] =
  [
    ['anonymous', undefined, 'UNAUTHENTICATED', 'CREDENTIALS_MISSING'],
    ['bad token', 'no-such-token', 'UNAUTHENTICATED', 'ACCESS_TOKEN_INVALID'],
    ['wrong scope', 'wrong-scope', 'PERMISSION_DENIED', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT'],
    ['known, without a role', 'nobody', 'PERMISSION_DENIED', 'IAM_PERMISSION_DENIED'],
    ['reader', 'reader', 'PERMISSION_DENIED', 'IAM_PERMISSION_DENIED'],
    ['canceller', 'canceller', 'PERMISSION_DENIED', 'IAM_PERMISSION_DENIED'],
    ['starter', 'starter', 'PERMISSION_DENIED', 'IAM_PERMISSION_DENIED'],
    ['owner of another project', 'other-owner', 'PERMISSION_DENIED', 'IAM_PERMISSION_DENIED'],
    ['admin', 'admin', 'PERMISSION_DENIED', 'IAM_PERMISSION_DENIED'],
  ];
const TABLE = CALLERS.flatMap(([who, token, code, reason]) =>
  RPCS.flatMap((rpc) =>
    (['grpc', 'rest'] as const).map((over) => {
      const allowed = (MAY[token ?? ''] ?? []).includes(rpc);
      return { who, token, rpc, over, allowed, code, reason };
    }),
  ),
);
const MALFORMED = [
  '',
  'operations',
  'x',
  `${PARENT}/operations/`,
  `${PARENT}//operations/1`,
  `${PARENT}/operations/../1`,
  `${PARENT}/operations/${'a'.repeat(5000)}`,
  '\u0000',
];

type Asked = Parameters<Transport['call']>[1];

describe('access matrix (contract 31)', () => {
  let server: GuardedServer;
  let running: string;
  let done: string;
  let uncancellable: string;
  beforeAll(async () => {
    server = await startGuardedServer();
    const { inProcess, exports } = server.reports;
    running = (await inProcess.exportReport({ requestId: 'known' })).name;
    uncancellable = (await inProcess.purgeReports()).name;
    done = (await inProcess.exportReport()).name;
    (await exports.on(done)).succeed();
    await inProcess.operations.waitOperation({ name: done });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  /** Requests of a method, by what they meet. */
  function requestsOf(rpc: Rpc, over: 'grpc' | 'rest'): readonly Asked[] {
    const unknown = `${PARENT}/operations/unknown`;
    const malformed = over === 'grpc' ? MALFORMED.map((name) => ({ name })) : [];
    if (OF_OPERATIONS.includes(rpc)) {
      return [...[running, uncancellable, done, unknown].map((name) => ({ name })), ...malformed];
    }
    if (rpc === 'list') {
      const foreign = { name: PARENT, pageToken: 'foreign' };
      const names = [
        PARENT,
        'projects/p/locations/empty',
        'projects/-/locations/l',
        'projects/-/locations/-',
      ];
      return [
        ...names.map((name) => ({ name })),
        foreign,
        { name: PARENT, filter: 'no filter (' },
        ...malformed,
      ];
    }
    const again = rpc === 'exportReport' ? [{ name: PARENT, requestId: 'known' }] : [];
    return [{ name: PARENT }, { name: 'projects/p/locations/-' }, ...again, ...malformed];
  }

  it.each(TABLE.filter(({ allowed }) => !allowed))(
    '$who, $rpc over $over: $code, regardless of what exists',
    async ({ token, rpc, over, code, reason }) => {
      const transport: Transport = server[over];
      const elsewhere = await transport.call(rpc, { name: otherName(rpc) }, as(token));
      for (const request of requestsOf(rpc, over)) {
        const answer = await transport.call(rpc, request, as(token));
        const { resource = '', permission } = answer.metadata ?? {};
        expect(withoutName(answer)).toEqual(withoutName(elsewhere));
        expect({ code: answer.code, reason: answer.reason, permission }).toEqual({
          code,
          reason,
          permission: PERMISSIONS[rpc],
        });
        expect(request.name.startsWith(resource.replace('…', ''))).toBe(true);
        expect(answer.challenge).toEqual(challengeOf(code, reason));
      }
    },
  );

  it.each(TABLE.filter(({ allowed }) => allowed))(
    '$who, $rpc over $over: permitted',
    async ({ token, rpc, over }) => {
      const transport: Transport = server[over];
      const call = (name: string, fields = {}) => transport.call(rpc, { name, ...fields }, as(token));
      if (rpc === 'list' || rpc === 'exportReport' || rpc === 'purgeReports') {
        expect((await call(PARENT)).code).toBe('OK');
        return;
      }
      const { name } = await server.reports.inProcess.exportReport();
      const timeout = over === 'grpc' ? { timeout: { seconds: 0, nanos: 0 } } : { timeout: '0s' };
      expect((await call(name, rpc === 'wait' ? timeout : {})).code).toBe('OK');
      expect((await call(`${PARENT}/operations/unknown`)).code).toBe('NOT_FOUND');
      if (rpc === 'cancel') expect((await call(uncancellable)).code).toBe('UNIMPLEMENTED');
      if (over === 'grpc') expect((await call(`${PARENT}/operations/`)).code).toBe('INVALID_ARGUMENT');
    },
  );

  it('the owner of another project has access there but not here', async () => {
    const there = 'projects/q/locations/l';
    for (const transport of [server.grpc, server.rest]) {
      const started = await transport.call('exportReport', { name: there }, as('other-owner'));
      expect(started.code).toBe('OK');
      const { name } = started.body as { name: string };
      expect((await transport.call('get', { name }, as('other-owner'))).code).toBe('OK');
      expect((await transport.call('get', { name }, as('admin'))).code).toBe('PERMISSION_DENIED');
    }
  });

  it('rejected calls change nothing', async () => {
    const operation = await server.reports.inProcess.operations.getOperation({ name: running });
    expect(operation.done).toBe(false);
    expect(operation.metadata).toBeDefined();
    expect(server.reports.logged).toEqual([]);
  });
});

/** Name of another resource that does not exist. */
function otherName(rpc: Rpc): string {
  return OF_OPERATIONS.includes(rpc) ? `${PARENT}/operations/other` : 'projects/p/locations/other';
}

/** An answer but for the name that it was asked about, which its caller knows. */
function withoutName({ message = '', metadata = {}, ...others }: Answer): object {
  const { resource: _, ...rest } = metadata;
  return {
    ...others,
    metadata: rest,
    message: message.replace(/"(?:[^"\\]|\\.)*"(?:… \(\d+ characters\))?/, 'NAME'),
  };
}

function challengeOf(code: string, reason: string): string | undefined {
  const realm = 'Bearer realm="longrunning"';
  if (reason === 'CREDENTIALS_MISSING') return realm;
  if (code === 'UNAUTHENTICATED') return `${realm}, error="invalid_token"`;
  if (reason !== 'ACCESS_TOKEN_SCOPE_INSUFFICIENT') return undefined;
  return `${realm}, error="insufficient_scope", scope="https://www.googleapis.com/auth/cloud-platform"`;
}
