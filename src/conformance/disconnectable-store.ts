import type { OperationStore } from '../server/index.js';
import { aroundStore } from '../stores/contract/around-store.js';

/** The store of a server that is going to die. */
export interface SeverableStore {
  /** What the server is given. */
  readonly store: OperationStore;
  /**
   * Cuts the server off, as its death would: it hears nothing more from the store, and nothing that it does
   * arrives there. To the store, work in hand was left by a worker that could not say how it went.
   */
  sever(): void;
}

export function severableStore(store: OperationStore): SeverableStore {
  const severance = Promise.withResolvers<never>();
  severance.promise.catch(() => {});
  let severed = false;
  let stopConsuming = () => {};
  const untilSevered = <Result>(call: () => Promise<Result>): Promise<Result> =>
    severed ? severance.promise : Promise.race([call(), severance.promise]);
  return {
    store: {
      ...aroundStore(store, (_call, proceed) => untilSevered(proceed)),
      watch: (listener) =>
        store.watch((name, record) => {
          if (!severed) listener(name, record);
        }),
      consume(handler, options) {
        const onError = (error: unknown) => {
          if (!severed) options.onError(error);
        };
        const consumer = store.consume((record) => untilSevered(() => handler(record)), {
          ...options,
          onError,
        });
        stopConsuming = () => consumer.stop();
        return consumer;
      },
      close: async () => {
        if (!severed) await store.close();
      },
    },
    sever() {
      severed = true;
      stopConsuming();
      severance.reject(new Error('the server is cut off from its store'));
    },
  };
}
