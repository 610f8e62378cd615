// Google's public client of the GKE Multi-Cloud API, unmodified, creates clusters on a `longrunning serve` in
// another process and cancels the operations. Run it: npm run demo
import { AttachedClustersClient, AwsClustersClient } from '@google-cloud/gkemulticloud';
import { credentials } from '@grpc/grpc-js';
import { GkeOperation } from './demo/gke-operation.ts';
import { startGkeServer } from './demo/server.ts';
import { cancelled, completedAllTheSame, wentOn } from './demo/stories.ts';
import { Transcript } from './demo/transcript.ts';

const parent = 'projects/demo/locations/us-west1';
const name = `${parent}/attachedClusters/demo`;

// Google has deprecated AwsClusters, and its client prints a warning; the demo uses it because it is still
// common.
process.noDeprecation = true;

// The client needs no credentials for a plaintext connection, but looks for those of a Google machine.
process.env['METADATA_SERVER_DETECTION'] = 'none';

const transcript = new Transcript();
const server = await startGkeServer();
const connection = { apiEndpoint: '127.0.0.1', port: server.port, sslCreds: credentials.createInsecure() };
const attached = new AttachedClustersClient(connection);
const aws = new AwsClustersClient(connection);
try {
  transcript.chapter('1. A cluster is created on AWS, and the operation is cancelled');
  const [onAws] = await aws.createAwsCluster({
    parent,
    awsClusterId: 'demo',
    awsCluster: { description: 'demo' },
  });
  await cancelled(transcript, new GkeOperation(aws, onAws));

  transcript.chapter('2. A cluster is attached, and the operation is cancelled');
  const [attaching] = await attached.createAttachedCluster({
    parent,
    attachedClusterId: 'demo',
    attachedCluster: { distribution: 'generic' },
  });
  await cancelled(transcript, new GkeOperation(attached, attaching));

  transcript.chapter('3. A cluster is updated; the work ignores the cancellation and completes');
  const [updating] = await attached.updateAttachedCluster({
    attachedCluster: { name },
    updateMask: { paths: ['description'] },
  });
  await completedAllTheSame(transcript, new GkeOperation(attached, updating));

  transcript.chapter('4. A cluster is deleted, which cannot be cancelled');
  const [deleting] = await attached.deleteAttachedCluster({ name, allowMissing: true });
  await wentOn(transcript, new GkeOperation(attached, deleting));
} finally {
  await Promise.all([attached.close(), aws.close()]);
  transcript.chapter('5. The server is told to stop');
  transcript.expect('it exits with code 0', await server.stop(), 0);
}

const { unmet } = transcript;
console.log(unmet === 0 ? '\nEverything is as expected.' : `\n${unmet} of the expectations were not met.`);
process.exitCode = unmet === 0 ? 0 : 1;
