import { setTimeout as sleep } from 'node:timers/promises';
import { type AttachedClustersClient, type AwsClustersClient, protos } from '@google-cloud/gkemulticloud';

const { GetOperationRequest, CancelOperationRequest } = protos.google.longrunning;
const { OperationMetadata } = protos.google.cloud.gkemulticloud.v1;

/** What a Get told. */
export interface GkeSnapshot {
  readonly done: boolean;
  readonly outcome: 'response' | 'error' | undefined;
  readonly errorCode: number | undefined;
  readonly cancelRequested: boolean;
}

/** An operation of the GKE Multi-Cloud API, by way of the client that started it. */
export class GkeOperation {
  readonly name: string;
  readonly #client: AttachedClustersClient | AwsClustersClient;

  constructor(client: AttachedClustersClient | AwsClustersClient, { name }: { readonly name?: string }) {
    if (!name) throw new Error('the operation has no name');
    this.name = name;
    this.#client = client;
  }

  /** GetOperation. */
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

  /** CancelOperation. Resolves to the code of the answer. */
  async cancel(): Promise<number> {
    try {
      await this.#client.cancelOperation(CancelOperationRequest.create({ name: this.name }));
      return 0;
    } catch (error) {
      return (error as { code: number }).code;
    }
  }

  /** GetOperation, again and again until the operation is done. */
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
