import type { OperationStore } from './operation-store.js';

/** A call of the server to its store. */
export interface StoreCall {
  readonly method: Exclude<keyof OperationStore, 'watch' | 'consume' | 'close'>;
  /** The operation it is about; for `list` the parent, for `find` the request id; for others empty. */
  readonly name: string;
}

/** Decides when a call goes through to the store, and when its answer comes back. */
export type AroundCall = <Result>(call: StoreCall, proceed: () => Promise<Result>) => Promise<Result>;

/** A store around each call of which something else happens: it is timed, or takes the time that a test says. */
export function aroundStore(store: OperationStore, around: AroundCall): OperationStore {
  const { checkWritable, secret, countUnfinished } = store;
  return {
    ready: () => around({ method: 'ready', name: '' }, () => store.ready()),
    ...(checkWritable && {
      checkWritable: () => around({ method: 'checkWritable', name: '' }, () => checkWritable.call(store)),
    }),
    ...(secret && { secret: () => around({ method: 'secret', name: '' }, () => secret.call(store)) }),
    create: (record) => around({ method: 'create', name: record.name }, () => store.create(record)),
    get: (name) => around({ method: 'get', name }, () => store.get(name)),
    find: (key) => around({ method: 'find', name: key.requestId }, () => store.find(key)),
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
