import type { OperationStore } from './operation-store.js';

/** Call of the server to its store. */
export interface StoreCall {
  readonly method: Exclude<keyof OperationStore, 'durable' | 'sync' | 'watch' | 'consume' | 'close'>;
  /** Name of the operation; for `list` the parent, for `findByRequestId` the request id, otherwise empty. */
  readonly name: string;
}

/** Interceptor of a call: calls `proceed` to reach the store, and resolves to the result for the server. */
export type AroundCall = <Result>(call: StoreCall, proceed: () => Promise<Result>) => Promise<Result>;

/** Wraps a store so that `around` intercepts each call, for example to measure it or to delay it in a test. */
export function aroundStore(store: OperationStore, around: AroundCall): OperationStore {
  const { durable, checkWritable, secret, countUnfinished } = store;
  return {
    ...(durable && { durable }),
    ready: () => around({ method: 'ready', name: '' }, () => store.ready()),
    ...(checkWritable && {
      checkWritable: () => around({ method: 'checkWritable', name: '' }, () => checkWritable.call(store)),
    }),
    ...(secret && { secret: () => around({ method: 'secret', name: '' }, () => secret.call(store)) }),
    create: (record) => around({ method: 'create', name: record.name }, () => store.create(record)),
    get: (name) => around({ method: 'get', name }, () => store.get(name)),
    findByRequestId: (key) =>
      around({ method: 'findByRequestId', name: key.requestId }, () => store.findByRequestId(key)),
    compareAndSet: (record, expectedVersion) =>
      around({ method: 'compareAndSet', name: record.name }, () =>
        store.compareAndSet(record, expectedVersion),
      ),
    delete: (name) => around({ method: 'delete', name }, () => store.delete(name)),
    list: (query) => around({ method: 'list', name: query.parent }, () => store.list(query)),
    deleteExpired: (now, limit) =>
      around({ method: 'deleteExpired', name: '' }, () => store.deleteExpired(now, limit)),
    unfinishedMethods: () =>
      around({ method: 'unfinishedMethods', name: '' }, () => store.unfinishedMethods()),
    ...(countUnfinished && {
      countUnfinished: (limit: number) =>
        around({ method: 'countUnfinished', name: '' }, () => countUnfinished.call(store, limit)),
    }),
    watch: (listener) => store.watch(listener),
    consume: (handler, options) => store.consume(handler, options),
    close: () => store.close(),
  };
}

/**
 * Wraps a store so that its methods reject where those of `store` throw, and return promises where those return
 * values. Stores may be written in JavaScript; callers handle only rejections. `getNow` is unchanged.
 */
export function rejectingStore(store: OperationStore): OperationStore {
  const rejecting = aroundStore(store, (_, proceed) => promised(proceed));
  return store.getNow ? { ...rejecting, getNow: (name) => store.getNow?.(name) } : rejecting;
}

function promised<Result>(proceed: () => Promise<Result>): Promise<Result> {
  try {
    const result = proceed();
    // Another promise would delay its consumers.
    return result instanceof Promise ? result : Promise.resolve(result);
  } catch (error) {
    return Promise.reject(error);
  }
}
