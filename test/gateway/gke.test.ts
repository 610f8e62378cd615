import { AttachedClustersClient } from '@google-cloud/gkemulticloud';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { GKE_PROTOS } from '../schema/proto-files.js';
import { cancelListAndDelete, type FakedApi, fakeApi, grpcOptions, restOptions } from './faked-api.js';

// Loading google-gax and the protos takes long.
jest.setTimeout(300_000);

const PARENT = 'projects/p/locations/us-west1';
const REST_PATHS = [
  `POST /v1/${PARENT}/attachedClusters`,
  `GET /v1/${PARENT}/operations/*`,
  `POST /v1/${PARENT}/operations/*:cancel`,
  `GET /v1/${PARENT}/operations`,
  `DELETE /v1/${PARENT}/operations/*`,
];

describe.each([
  ['gRPC', grpcOptions],
  ['REST', restOptions],
])('the GKE Multi-Cloud client over %s, on one port', (protocol, optionsFor) => {
  let api: FakedApi;
  let client: AttachedClustersClient;

  beforeAll(async () => {
    const file = 'google/cloud/gkemulticloud/v1/attached_service.proto';
    api = await fakeApi({ file, includeDir: GKE_PROTOS });
    client = new AttachedClustersClient(optionsFor(api.port));
  });
  afterAll(async () => {
    await client.close();
    await api[Symbol.asyncDispose]();
  });

  it('creates, gets, cancels, reads error.code 1, lists and deletes', async () => {
    const before = api.asked().length;
    const request = { parent: PARENT, attachedClusterId: 'a', attachedCluster: { description: 'a' } };
    const [started] = await client.createAttachedCluster(request);
    const name = started.name ?? '';
    expect(name).toMatch(/^projects\/p\/locations\/us-west1\/operations\/./);
    const { operationsClient } = client;
    const [running] = await operationsClient.getOperation({ name } as never);
    expect(running).toMatchObject({ name, done: false });

    await cancelListAndDelete(operationsClient, started, PARENT);
    expect(new Set(api.asked().slice(before))).toEqual(new Set(protocol === 'REST' ? REST_PATHS : []));
  });

  it('reads errors with their details', async () => {
    const failed = client.getAttachedCluster({ name: `${PARENT}/attachedClusters/none` });
    await expect(failed).rejects.toMatchObject({
      code: 5,
      reason: 'RESOURCE_NOT_FOUND',
      domain: 'longrunning',
    });
  });
});
