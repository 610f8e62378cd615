import type { OperationStore } from '../../stores/operation-store.js';
import { aroundStore } from '../around-store.js';
import type { Telemetry } from './telemetry.js';

/** A store whose calls are timed. */
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
