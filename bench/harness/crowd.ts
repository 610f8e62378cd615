import { OperationsClient } from 'longrunning';
import { machineMs } from './machine-clock.ts';
import { answerParent } from './parent-link.ts';

/** A process with one client, that waits for thousands of operations and makes other calls meanwhile. */
export type CrowdRequests = {
  /** Begins to wait for them all. */
  await(crowd: { readonly address: string; readonly names: readonly string[] }): void;
  /** How many milliseconds a CancelOperation takes. */
  cancelMs(name: string): Promise<number>;
};

let operations: OperationsClient | undefined;

answerParent({
  await({ address, names }) {
    operations = new OperationsClient({ address });
    for (const name of names) {
      // The process is ended while they wait.
      operations
        .operation(name)
        .wait()
        .catch(() => {});
    }
  },
  async cancelMs(name) {
    const begun = machineMs();
    await operations?.cancelOperation({ name });
    return machineMs() - begun;
  },
} satisfies CrowdRequests);
