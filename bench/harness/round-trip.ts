import { credentials } from '@grpc/grpc-js';
import { OperationsClient } from 'longrunning/generated/google/longrunning/operations';
import { machineMs } from './machine-clock.ts';
import { answerParent } from './parent-link.ts';

/** A client of grpc-js that makes one call at a time. */
export type RoundTripRequests = {
  /** Cancels the operations one after the other; tells when it asked and when it was answered, by `machineMs`. */
  cancel(input: {
    readonly address: string;
    readonly names: readonly string[];
  }): Promise<readonly RoundTrip[]>;
};

/** One call. */
export interface RoundTrip {
  readonly askedAt: number;
  readonly answeredAt: number;
}

const clients = new Map<string, OperationsClient>();

answerParent({
  async cancel({ address, names }) {
    const client = clients.get(address) ?? new OperationsClient(address, credentials.createInsecure());
    clients.set(address, client);
    const trips: RoundTrip[] = [];
    for (const name of names) {
      const askedAt = machineMs();
      await new Promise<void>((resolve, reject) => {
        client.cancelOperation({ name }, (error) => (error ? reject(error) : resolve()));
      });
      trips.push({ askedAt, answeredAt: machineMs() });
    }
    return trips;
  },
} satisfies RoundTripRequests);
