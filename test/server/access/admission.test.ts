import { describe, expect, it } from '@jest/globals';
import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { PARENT, startReportsServer } from '../../../src/conformance/reports-server.js';
import { Code, StatusError } from '../../../src/core/status.js';
import {
  type AuthorizeStep,
  iamPolicy,
  memoryStore,
  type OperationStore,
  type Policy,
  staticTokens,
} from '../../../src/server/index.js';
import { sqliteStore } from '../../../src/stores/sqlite/index.js';
import { as } from './callers.js';

const tokens = staticTokens([
  { token: 'ada', principal: 'user:ada@example.com' },
  { token: 'bob', principal: 'user:bob@example.com' },
]);
const POLICY: Policy = {
  service: 'reports',
  roles: {
    starter: ['reports.reports.exportReport', 'reports.operations.list'],
    viewer: ['reports.operations.get'],
  },
  bindings: [
    { role: 'starter', members: ['allAuthenticatedUsers'], resources: [PARENT] },
    { role: 'viewer', members: ['user:ada@example.com'], resources: [`${PARENT}/operations/*`] },
    {
      role: 'viewer',
      members: ['user:bob@example.com'],
      resources: [`${PARENT}/operations/b7`, `${PARENT}/operations/b2`],
    },
  ],
};

/** Operations b0, b1, …, as they are started. */
function start(authorize: readonly AuthorizeStep[] = [tokens, iamPolicy(POLICY)], store?: OperationStore) {
  let count = 0;
  return startReportsServer({
    authorize,
    store,
    newId: () => `b${count++}`,
    pageTokenSecret: 'secret',
  });
}

describe.each([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])('ListOperations for a caller without permission for everything, in %s (contract 31)', (_, makeStore) => {
  it('returns the permitted operations on full pages, without repeats, up to the last page', async () => {
    await using server = await start(undefined, makeStore());
    for (let index = 0; index < 10; index++) await server.inProcess.exportReport();
    const { operations } = server.overGrpc;
    const list = async (token: string, pageSize: number, filter = '') => {
      const pages: string[][] = [];
      let pageToken = '';
      do {
        const page = await operations.listOperations(
          { name: PARENT, pageSize, pageToken, filter },
          { headers: as(token) },
        );
        pages.push(page.operations.map(({ name }) => name.split('/').at(-1) ?? ''));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      return pages;
    };
    expect(await list('bob', 1)).toEqual([['b7'], ['b2']]);
    expect(await list('bob', 2)).toEqual([['b7', 'b2']]);
    expect(await list('bob', 50, 'done = false')).toEqual([['b7', 'b2']]);
    expect(await list('bob', 50, 'done = true')).toEqual([[]]);
    expect((await list('ada', 3)).flat()).toHaveLength(10);
  });

  it('returns only operations that every restricting step permits, in any order of the steps', async () => {
    const showing =
      (...ids: string[]): AuthorizeStep =>
      async () => ({ shows: (name) => ids.some((id) => name.endsWith(`/${id}`)) });
    const indifferent: AuthorizeStep = async () => undefined;
    const [first, second] = [showing('b1', 'b2', 'b3'), showing('b2', 'b3', 'b4')];
    for (const authorize of [
      [first, second],
      [second, indifferent, first],
      [indifferent, first, second, indifferent],
    ]) {
      await using server = await start(authorize, makeStore());
      for (let index = 0; index < 6; index++) await server.inProcess.exportReport();
      const { operations } = await server.overGrpc.operations.listOperations({ name: PARENT });
      expect(operations.map(({ name }) => name.split('/').at(-1))).toEqual(['b3', 'b2']);
    }
  });

  it('a page token is valid for its caller only, and reveals nothing about skipped operations', async () => {
    await using server = await start(undefined, makeStore());
    for (let index = 0; index < 10; index++) await server.inProcess.exportReport();
    const { operations } = server.overGrpc;
    const first = await operations.listOperations({ name: PARENT, pageSize: 1 }, { headers: as('ada') });
    const pageToken = first.nextPageToken;
    await expect(
      operations.listOperations({ name: PARENT, pageSize: 1, pageToken }, { headers: as('bob') }),
    ).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    const text = Buffer.from(pageToken, 'base64url').toString('latin1');
    expect(text).not.toMatch(/10|9|b9/);
  });
});

describe('a start with a request id that another caller has used (contract 8, 31)', () => {
  it('starts a separate operation and does not reveal the other one', async () => {
    await using server = await start();
    const requestId = 'same';
    const ada = await server.overGrpc.exportReport({ requestId, title: 'a' }, { headers: as('ada') });
    const bob = await server.overGrpc.exportReport({ requestId, title: 'b' }, { headers: as('bob') });
    expect(bob.name).not.toBe(ada.name);
    expect(
      await server.overGrpc.exportReport({ requestId, title: 'a' }, { headers: as('ada') }),
    ).toMatchObject({ name: ada.name });
    await expect(
      server.overGrpc.exportReport({ requestId, title: 'other' }, { headers: as('ada') }),
    ).rejects.toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: expect.stringContaining('request id "same"'),
    });
  });
});

describe('an authorization step', () => {
  it('may be a function; its rejection gets an ErrorInfo and keeps its details', async () => {
    const authorize: AuthorizeStep = ({ headers }) => {
      if (headers['x-tenant'] === 'a') return undefined;
      throw new StatusError(Code.PERMISSION_DENIED, 'no such tenant: send x-tenant');
    };
    await using server = await start([authorize]);
    const { operations } = server.overGrpc;
    const refused = await operations.getOperation({ name: 'operations/1' }).catch(StatusError.from);
    expect(refused).toMatchObject({ code: Code.PERMISSION_DENIED, message: 'no such tenant: send x-tenant' });
    expect((refused as StatusError).detail(ErrorInfo)).toMatchObject({
      reason: 'PERMISSION_DENIED',
      domain: 'longrunning',
      metadata: { permission: 'longrunning.operations.get', resource: 'operations/1' },
    });
    await expect(
      operations.getOperation({ name: 'operations/1' }, { headers: { 'x-tenant': 'a' } }),
    ).rejects.toMatchObject({ code: Code.NOT_FOUND });
  });

  it('denies access if it fails, and only logs the cause (contract 33)', async () => {
    await using server = await start([
      async () => {
        throw new RangeError('secret');
      },
    ]);
    await expect(server.overGrpc.operations.listOperations({ name: PARENT })).rejects.toMatchObject({
      code: Code.UNKNOWN,
      message: expect.not.stringContaining('secret'),
    });
    expect(server.logged).toHaveLength(1);
  });

  it('runs once per wait, and a rejected wait fails immediately', async () => {
    await using server = await start();
    const { name } = await server.inProcess.exportReport();
    await expect(
      server.overGrpc.operations.waitOperation({ name }, { headers: as('bob') }),
    ).rejects.toMatchObject({ code: Code.PERMISSION_DENIED });
  });

  it('applies to callers of other transports', async () => {
    await using server = await start();
    const { name } = await server.inProcess.exportReport();
    const forAda = server.kit.for({ headers: as('ada'), peer: '192.0.2.7:1' });
    const forNobody = server.kit.for({ headers: {}, peer: '192.0.2.7:1' });
    expect(await forAda.getOperation({ name })).toMatchObject({ name });
    expect((await forAda.listOperations({ name: PARENT })).operations).toHaveLength(1);
    for (const ask of [
      forNobody.getOperation({ name }),
      forNobody.listOperations({ name }),
      forNobody.cancelOperation({ name }),
      forNobody.deleteOperation({ name }),
      forNobody.waitOperation({ name }),
    ]) {
      await expect(ask).rejects.toMatchObject({ code: Code.UNAUTHENTICATED });
    }
  });

  it('rejects a start without a readable parent like any other', async () => {
    const parent = () => {
      throw new StatusError(Code.INVALID_ARGUMENT, 'parent is no parent');
    };
    await using server = await startReportsServer({ authorize: tokens, exportReport: { parent } });
    await expect(server.overGrpc.exportReport()).rejects.toMatchObject({ code: Code.UNAUTHENTICATED });
    await expect(server.overGrpc.exportReport({}, { headers: as('ada') })).rejects.toMatchObject({
      code: Code.INVALID_ARGUMENT,
    });
  });
});
