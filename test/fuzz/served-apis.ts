import { resolve } from 'node:path';
import { servePort } from '../../src/gateway/index.js';
import { fakeServer, loadSchema, parseScript, type Schema } from '../../src/testing/index.js';

const PROTOS = resolve(__dirname, '../../node_modules/@google-cloud/gkemulticloud/build/protos');
const FILE = 'google/cloud/gkemulticloud/v1/attached_service.proto';

/** The services of GKE Multi-Cloud for attached clusters, and Operations, by gRPC and REST on one port. */
export interface ServedApis extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** The paths of all methods that it serves. */
  readonly paths: readonly string[];
}

export function attachedClusters(): Promise<Schema> {
  return loadSchema({ files: [FILE], includeDirs: [PROTOS] });
}

export async function serveApis(): Promise<ServedApis> {
  const schema = await attachedClusters();
  const script = parseScript('default: { durationMs: 20 }', { file: 'script.yaml', schema });
  const logger = { error: () => {}, warn: () => {}, info: () => {} };
  const { server, gateway, operations } = fakeServer({
    apis: [{ schema, script }],
    operations: { logger, retentionMs: 60_000 },
    recording: 'off',
  });
  const served = await servePort({ server, ...(gateway && { gateway }), address: '127.0.0.1:0' });
  const methods = ['GetOperation', 'ListOperations', 'CancelOperation', 'DeleteOperation', 'WaitOperation'];
  const faked = [...schema.registry].flatMap((type) =>
    type.kind === 'service' && type.typeName.startsWith('google.cloud.')
      ? type.methods.map(({ name }) => `/${type.typeName}/${name}`)
      : [],
  );
  return {
    address: served.address,
    port: served.port,
    paths: [...methods.map((name) => `/google.longrunning.Operations/${name}`), ...faked],
    async [Symbol.asyncDispose]() {
      await served.close({ graceMs: 0 });
      gateway?.close();
      await operations.close({ graceMs: 0 });
      server.forceShutdown();
    },
  };
}
