import { AttachedClustersClient } from '@google-cloud/gkemulticloud';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { loadSchema } from '../../src/schema/index.js';
import { createOperations, type Operations, OperationsService } from '../../src/server/index.js';
import { fakeServices, parseScript } from '../../src/testing/index.js';
import { GKE_PROTOS } from '../schema/proto-files.js';
import { type ServedGateway, serveGateway } from './http-client.js';

// Loading google-gax and the protos takes its time.
jest.setTimeout(300_000);
process.env.METADATA_SERVER_DETECTION = 'none';

const PARENT = 'projects/p/locations/us-west1';
const SCRIPT = 'default: { durationMs: 600000 }';

describe('the GKE Multi-Cloud client over REST', () => {
  let kit: Operations;
  let server: Server;
  let gateway: ServedGateway;
  let client: AttachedClustersClient;
  const urls: string[] = [];

  beforeAll(async () => {
    const files = ['google/cloud/gkemulticloud/v1/attached_service.proto'];
    const schema = await loadSchema({ files, includeDirs: [GKE_PROTOS] });
    const fakes = fakeServices(schema, { script: parseScript(SCRIPT, { file: 'script.yaml', schema }) });
    kit = createOperations({ methods: fakes.methods });
    server = new Server();
    server.addService(OperationsService, kit.handlers);
    fakes.addTo(server, kit);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const { registry: descriptors, annotationOf } = schema;
    gateway = await serveGateway({ target: `127.0.0.1:${port}`, descriptors, annotationOf });
    gateway.server.on('request', ({ method, url }) => urls.push(`${method} ${url}`));
    client = restClient(gateway.port);
  });
  afterAll(async () => {
    await client.close();
    await gateway[Symbol.asyncDispose]();
    await kit.close({ graceMs: 0 });
    server.forceShutdown();
  });

  it('creates, gets, cancels, reads error.code 1, lists and deletes', async () => {
    const request = { parent: PARENT, attachedClusterId: 'a', attachedCluster: { description: 'a' } };
    const [started] = await client.createAttachedCluster(request);
    const name = started.name ?? '';
    expect(name).toMatch(/^projects\/p\/locations\/us-west1\/operations\/./);
    const { operationsClient } = client;
    const [running] = await operationsClient.getOperation({ name } as never);
    expect(running).toMatchObject({ name, done: false });

    await operationsClient.cancelOperation({ name } as never);
    const [cancelled] = await operationsClient.getOperation({ name } as never);
    expect(cancelled).toMatchObject({ name, done: true, error: { code: 1 } });
    await expect(started.promise()).rejects.toMatchObject({ code: 1 });

    const listed: string[] = [];
    for await (const operation of operationsClient.listOperationsAsync({ name: PARENT } as never)) {
      listed.push((operation as { name: string }).name);
    }
    expect(listed).toEqual([name]);

    await operationsClient.deleteOperation({ name } as never);
    await expect(operationsClient.getOperation({ name } as never)).rejects.toMatchObject({ code: 5 });
    expect(urls.map((url) => url.replace(/\?.*/, '').replace(/operations\/[^:/]+/, 'operations/*'))).toEqual(
      expect.arrayContaining([
        `POST /v1/${PARENT}/attachedClusters`,
        `GET /v1/${PARENT}/operations/*`,
        `POST /v1/${PARENT}/operations/*:cancel`,
        `GET /v1/${PARENT}/operations`,
        `DELETE /v1/${PARENT}/operations/*`,
      ]),
    );
  });

  it('reads errors with their details', async () => {
    const failed = client.getAttachedCluster({ name: `${PARENT}/attachedClusters/a` });
    await expect(failed).rejects.toMatchObject({
      code: 12,
      reason: 'METHOD_NOT_FAKED',
      domain: 'longrunning',
    });
  });
});

/** As nobody, and on connections that are closed, for the client's own agent keeps them. */
function restClient(port: number): AttachedClustersClient {
  const fetchOnce = (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', 'Bearer token');
    headers.set('connection', 'close');
    return fetch(url, { ...init, headers });
  };
  const auth = {
    getUniverseDomain: async () => 'googleapis.com',
    getRequestHeaders: async () => new Headers(),
    fetch: fetchOnce,
  };
  const options = { apiEndpoint: '127.0.0.1', port, protocol: 'http', fallback: true, auth: auth as never };
  return new AttachedClustersClient(options);
}
