import { AttachedClustersClient } from '@google-cloud/gkemulticloud';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { iamPolicy, requireScopes, staticTokens } from '../../../src/server/index.js';
import { type FakedApi, fakeApi, grpcOptions, restOptions } from '../../gateway/faked-api.js';
import { GKE_PROTOS } from '../../schema/proto-files.js';
import { SCOPE } from './callers.js';

// Loading google-gax and the protos takes its time.
jest.setTimeout(300_000);

const PARENT = 'projects/p/locations/us-west1';
const authorize = [
  staticTokens([
    { token: 'admin', principal: 'user:admin@example.com', scopes: [SCOPE] },
    { token: 'viewer', principal: 'user:viewer@example.com', scopes: [SCOPE] },
  ]),
  requireScopes([SCOPE]),
  iamPolicy({
    service: 'gkemulticloud',
    roles: { admin: ['gkemulticloud.*'], viewer: ['gkemulticloud.operations.get'] },
    bindings: [
      { role: 'admin', members: ['user:admin@example.com'], resources: ['projects/p/**'] },
      { role: 'viewer', members: ['user:viewer@example.com'], resources: ['projects/p/**'] },
    ],
  }),
];

describe.each([
  ['gRPC', grpcOptions],
  ['REST', restOptions],
] as const)('the GKE Multi-Cloud client over %s, where it is asked who calls', (protocol, optionsFor) => {
  let api: FakedApi;
  const clients: AttachedClustersClient[] = [];
  beforeAll(async () => {
    const file = 'google/cloud/gkemulticloud/v1/attached_service.proto';
    api = await fakeApi({ file, includeDir: GKE_PROTOS, authorize });
  });
  afterAll(async () => {
    for (const client of clients) await client.close();
    await api[Symbol.asyncDispose]();
  });

  /** A client, and what its calls say besides their requests. */
  function clientOf(token: string) {
    const client = new AttachedClustersClient(optionsFor(api.port, token));
    clients.push(client);
    const headers = protocol === 'gRPC' ? { authorization: `Bearer ${token}` } : {};
    return { client, call: { otherArgs: { headers } } };
  }

  it('a caller with gkemulticloud.operations.cancel creates, cancels and reads error.code 1', async () => {
    const { client, call } = clientOf('admin');
    const [started] = await client.createAttachedCluster(
      { parent: PARENT, attachedClusterId: 'a', attachedCluster: { description: 'a' } },
      call,
    );
    const name = started.name ?? '';
    await client.operationsClient.cancelOperation({ name } as never, call as never);
    const [cancelled] = await client.operationsClient.getOperation({ name } as never, call as never);
    expect(cancelled).toMatchObject({ name, done: true, error: { code: 1 } });
  });

  it('other callers receive the missing permission and the resource', async () => {
    const { client, call } = clientOf('viewer');
    const name = `${PARENT}/operations/1`;
    await expect(
      client.operationsClient.cancelOperation({ name } as never, call as never),
    ).rejects.toMatchObject({
      code: 7,
      reason: 'IAM_PERMISSION_DENIED',
      errorInfoMetadata: { permission: 'gkemulticloud.operations.cancel', resource: name },
    });
    await expect(
      client.getAttachedCluster({ name: `${PARENT}/attachedClusters/a` }, call),
    ).rejects.toMatchObject({
      code: 7,
      errorInfoMetadata: { permission: 'gkemulticloud.attachedClusters.getAttachedCluster' },
    });
  });
});
