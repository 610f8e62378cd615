// Application under test: attaches clusters to Google's multi-cloud API.
import { AttachedClustersClient } from '@google-cloud/gkemulticloud';
import { googleOptions } from './google-options.js';

const PARENT = 'projects/demo/locations/us-west1';
/** Uses the real API, or a server at another address. */
export class Clusters implements AsyncDisposable {
  readonly #client: AttachedClustersClient;

  constructor(address?: string) {
    this.#client = new AttachedClustersClient(googleOptions(address));
  }

  /** Attaches a cluster and returns its Kubernetes version. */
  async attach(attachedClusterId: string, platformVersion: string): Promise<string> {
    const request = { parent: PARENT, attachedClusterId, attachedCluster: { platformVersion } };
    const [operation] = await this.#client.createAttachedCluster(request);
    const [{ name = null }] = await operation.promise();
    const [cluster] = await this.#client.getAttachedCluster({ name }, {});
    return cluster.platformVersion ?? 'none';
  }

  /** Starts to attach a cluster, cancels, and returns the outcome. */
  async thinkBetter(attachedClusterId: string): Promise<'cancelled' | 'attached all the same'> {
    const [operation] = await this.#client.createAttachedCluster({ parent: PARENT, attachedClusterId });
    await operation.cancel();
    try {
      await operation.promise();
      return 'attached all the same';
    } catch (error) {
      if ((error as { readonly code?: number }).code === 1) return 'cancelled';
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}
