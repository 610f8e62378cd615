// Waits for and cancels operations of a Google API, faked here. Run it: npm run build && node examples/google.ts
import { AttachedClustersClient } from '@google-cloud/gkemulticloud';
import { credentials } from '@grpc/grpc-js';
import { fromGax, googleOperationsClient } from 'longrunning/gax';
import { startGkeServer } from './demo/server.ts';

const parent = 'projects/demo/locations/us-west1';
const server = await startGkeServer();

// For the real API, omit these three lines and their uses. The client then uses the default address and
// credentials.
process.env['METADATA_SERVER_DETECTION'] = 'none';
const local = { apiEndpoint: '127.0.0.1', port: server.port, sslCreds: credentials.createInsecure() };
const auth = { getRequestHeaders: async () => new Headers({ authorization: 'Bearer example' }) };

const client = new AttachedClustersClient(local);
try {
  const [updating] = await client.updateAttachedCluster({
    attachedCluster: { name: `${parent}/attachedClusters/demo` },
    updateMask: { paths: ['description'] },
  });
  // Uses the channel of that client, with its credentials and types.
  const { description } = await fromGax(updating).result({ timeoutMs: 60_000 });
  console.log(`update: succeeded: ${description}`);

  const [creating] = await client.createAttachedCluster({ parent, attachedClusterId: 'demo' });
  const created = await fromGax(creating).cancelAndWait({ timeoutMs: 60_000 });
  console.log(`create: ${created.state}; requested: ${created.metadata?.requestedCancellation}`);

  // With only a name: uses Application Default Credentials unless `auth` is set.
  await using operations = googleOperationsClient({ apiEndpoint: `127.0.0.1:${server.port}`, auth });
  const found = await operations.operation(created.name).wait();
  console.log(`by its name: ${found.state}`);
} finally {
  await client.close();
  await server.stop();
}
