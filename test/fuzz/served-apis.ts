import { loadSchema } from '../../src/schema/load-schema.js';
import type { Schema } from '../../src/schema/schema.js';
import { type ServedFakes, serveFakes } from '../helpers/served-fakes.js';
import { GKE_PROTOS } from '../schema/proto-files.js';

const FILE = 'google/cloud/gkemulticloud/v1/attached_service.proto';

/** GKE Multi-Cloud services for attached clusters, and Operations, over gRPC and REST on one port. */
export interface ServedApis extends ServedFakes {
  /** Paths of all served methods. */
  readonly paths: readonly string[];
}

export function attachedClusters(): Promise<Schema> {
  return loadSchema({ files: [FILE], includeDirs: [GKE_PROTOS] });
}

export async function serveApis(): Promise<ServedApis> {
  const schema = await attachedClusters();
  const logger = { error: () => {}, warn: () => {}, info: () => {} };
  const served = await serveFakes({
    schema,
    script: 'default: { durationMs: 20 }',
    operations: { logger, retentionMs: 60_000 },
  });
  const methods = ['GetOperation', 'ListOperations', 'CancelOperation', 'DeleteOperation', 'WaitOperation'];
  const faked = [...schema.registry].flatMap((type) =>
    type.kind === 'service' && type.typeName.startsWith('google.cloud.')
      ? type.methods.map(({ name }) => `/${type.typeName}/${name}`)
      : [],
  );
  return {
    ...served,
    paths: [...methods.map((name) => `/google.longrunning.Operations/${name}`), ...faked],
  };
}
