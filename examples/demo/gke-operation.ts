import { setTimeout as sleep } from 'node:timers/promises';
import { type AttachedClustersClient, type AwsClustersClient, protos } from '@google-cloud/gkemulticloud';

const { GetOperationRequest, CancelOperationRequest } = protos.google.longrunning;
const { OperationMetadata } = protos.google.cloud.gkemulticloud.v1;

/** Result of a Get. */
export interface GkeSnapshot {
  readonly done: boolean;
  readonly outcome: 'response' | 'error' | undefined;
  readonly errorCode: number | undefined;
  readonly cancelRequested: boolean;
}

/** Operation of the GKE Multi-Cloud API, accessed through the client that started it. */
export class GkeOperation {
  readonly name: string;
  readonly #client: AttachedClustersClient | AwsClustersClient;

  constructor(client: AttachedClustersClient | AwsClustersClient, { name }: { readonly name?: string }) {
    if (!name) throw new Error('the operation has no name');
    this.name = name;
    this.#client = client;
  }

  /** Calls GetOperation. */
  async get(): Promise<GkeSnapshot> {
    const [operation] = await this.#client.getOperation(GetOperationRequest.create({ name: this.name }));
    const metadata = operation.metadata?.value;
    return {
      done: Boolean(operation.done),
      outcome: operation.result,
      errorCode: operation.error?.code ?? undefined,
      cancelRequested: OperationMetadata.decode(metadata as Uint8Array).requestedCancellation,
    };
  }

  /** Calls CancelOperation. Resolves to the status code. */
  async cancel(): Promise<number> {
    try {
      await this.#client.cancelOperation(CancelOperationRequest.create({ name: this.name }));
      return 0;
    } catch (error) {
      return (error as { code: number }).code;
    }
  }

  /** Polls GetOperation until the operation is done. */
  async end(): Promise<GkeSnapshot> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const snapshot = await this.get();
      if (snapshot.done) return snapshot;
      if (Date.now() > deadline) throw new Error(`${this.name} did not end within 10 s`);
      await sleep(50);
    }
  }
}
