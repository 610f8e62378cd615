import { AttachedClustersClient } from '@google-cloud/gkemulticloud';
import { SpeechClient } from '@google-cloud/speech';
import { credentials, Metadata } from '@grpc/grpc-js';
import { TLS } from './google-server.js';

export const PARENT = 'projects/p/locations/l';

/** A client as Google generates it, and an end to it: of its two connections, it opens one only when it is used. */
export type Closing<Client> = Client & AsyncDisposable;

/** The GKE Multi-Cloud client, in plain text, as nobody. */
export async function gkeClient(port: number): Promise<Closing<AttachedClustersClient>> {
  return closing(
    new AttachedClustersClient({ apiEndpoint: '127.0.0.1', port, sslCreds: credentials.createInsecure() }),
  );
}

/** The Speech client, in plain text, as nobody. */
export async function speechClient(port: number): Promise<Closing<SpeechClient>> {
  return closing(
    new SpeechClient({ apiEndpoint: '127.0.0.1', port, sslCreds: credentials.createInsecure() }),
  );
}

/** The GKE Multi-Cloud client over TLS, with a token as Google's credentials would give it. */
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

/** Starts a cluster, and gives what the client resolves with. */
export async function createCluster(client: AttachedClustersClient, options = {}, attachedClusterId = 'a') {
  const request = { parent: PARENT, attachedClusterId, attachedCluster: { description: 'a' } };
  const [operation] = await client.createAttachedCluster(request, options);
  return operation;
}
