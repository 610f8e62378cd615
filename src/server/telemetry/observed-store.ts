import { aroundStore } from '../../stores/contract/around-store.js';
import type { OperationStore } from '../../stores/contract/operation-store.js';
import type { Telemetry } from './telemetry.js';

/** Wraps a store so that telemetry measures its calls. */
export function observedStore(store: OperationStore, telemetry: Telemetry): OperationStore {
  return aroundStore(store, async ({ method }, proceed) => {
    const end = telemetry.storeCall(method);
    try {
      const result = await proceed();
      end();
      return result;
    } catch (error) {
      end(error);
      throw error;
    }
  });
}
