import { AttachedClustersClient } from '@google-cloud/gkemulticloud';
import { SpeechClient } from '@google-cloud/speech';
import { credentials, Metadata } from '@grpc/grpc-js';
import { TLS } from './google-server.js';

export const PARENT = 'projects/p/locations/l';

/** Client that Google generates, with a function that closes both of its connections; one opens only when used. */
export type Closing<Client> = Client & AsyncDisposable;

/** Creates the GKE Multi-Cloud client, in plain text and without credentials. */
export async function gkeClient(port: number): Promise<Closing<AttachedClustersClient>> {
  return closing(
    new AttachedClustersClient({ apiEndpoint: '127.0.0.1', port, sslCreds: credentials.createInsecure() }),
  );
}

/** Creates the Speech client, in plain text and without credentials. */
export async function speechClient(port: number): Promise<Closing<SpeechClient>> {
  return closing(
    new SpeechClient({ apiEndpoint: '127.0.0.1', port, sslCreds: credentials.createInsecure() }),
  );
}

/** Creates the GKE Multi-Cloud client over TLS, with a token like that of Google's credentials. */
export async function authorizedGkeClient(
  port: number,
  token: () => string,
): Promise<Closing<AttachedClustersClient>> {
  const call = credentials.createFromMetadataGenerator((_, callback) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token()}`);
    callback(null, metadata);
  });
  const sslCreds = credentials.combineChannelCredentials(credentials.createSsl(TLS.ca), call);
  return closing(new AttachedClustersClient({ apiEndpoint: 'localhost', port, sslCreds }));
}

async function closing<Client extends { initialize(): Promise<unknown>; close(): Promise<void> }>(
  client: Client,
): Promise<Closing<Client>> {
  await client.initialize();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

/** Starts a cluster, and returns the result of the client. */
export async function createCluster(client: AttachedClustersClient, options = {}, attachedClusterId = 'a') {
  const request = { parent: PARENT, attachedClusterId, attachedCluster: { description: 'a' } };
  const [operation] = await client.createAttachedCluster(request, options);
  return operation;
}
