import { aroundStore } from './around-store.js';
import type { OperationStore } from './operation-store.js';

/**
 * A store whose calls reject where those of `store` throw, and return promises where those return values. Stores may be written in
 * JavaScript; whoever calls one handles rejections and nothing else. What is at hand stays at hand.
 */
export function rejectingStore(store: OperationStore): OperationStore {
  const { sync } = store;
  return { ...aroundStore(store, (_, proceed) => promised(proceed)), ...(sync && { sync }) };
}

function promised<Result>(proceed: () => Promise<Result>): Promise<Result> {
  try {
    const result = proceed();
    // No other promise where there is one: it would delay what awaits it.
    return result instanceof Promise ? result : Promise.resolve(result);
  } catch (error) {
    return Promise.reject(error);
  }
}
