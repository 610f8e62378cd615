import type { OperationStore } from '../server/index.js';
import { aroundStore } from '../stores/contract/around-store.js';
import { type ReportsAccess, type ReportsServer, startReportsServer } from './reports-server.js';
import type {
  Open,
  OpenRestartable,
  OpenStore,
  RestartableSubject,
  Subject,
  SubjectOptions,
} from './test-case.js';

/** Store under test, and the access to its servers. */
export interface OpenerOptions {
  /** Opens an empty store. */
  readonly open: () => OperationStore | Promise<OperationStore>;
  readonly access: (server: ReportsServer) => ReportsAccess;
  /** Closes the opened resources. */
  readonly scope: Scope;
}

/** Returns a function that opens the store of a test case. */
export function storeOpener({ open, scope }: Omit<OpenerOptions, 'access'>): OpenStore {
  return async () => {
    const store = await open();
    scope.onClose(() => store.close());
    return store;
  };
}

/** Returns a function that starts the server of a test case. */
export function serverOpener({ open, ...options }: OpenerOptions): Open {
  return async (subject) => startSubject(await open(), options, subject);
}

/** Returns a function that starts a server which can be disconnected from its store and replaced by another. */
export function restartableOpener({
  open,
  reopen,
  ...options
}: OpenerOptions & {
  readonly reopen: (earlier: OperationStore) => OperationStore | Promise<OperationStore>;
}): OpenRestartable {
  const start = async (kept: OperationStore, subject?: SubjectOptions): Promise<RestartableSubject> => {
    options.scope.onClose(() => kept.close());
    const { store, disconnect } = disconnectableStore(kept);
    const server = await startSubject(store, options, subject);
    return {
      ...server,
      async restart(next) {
        disconnect();
        return start(await reopen(kept), { manual: server.manual, ...next });
      },
    };
  };
  return async (subject) => start(await open(), subject);
}

async function startSubject(
  store: OperationStore,
  { access, scope }: Pick<OpenerOptions, 'access' | 'scope'>,
  { around = (same) => same, ...options }: SubjectOptions = {},
): Promise<Subject> {
  const server = await startReportsServer({ ...options, store: around(store) });
  scope.onClose(async () => server[Symbol.asyncDispose]());
  return { ...server, ...access(server) };
}

/** Store that can be disconnected from its server, to simulate the server's death. */
export interface DisconnectableStore {
  /** Store for the server. */
  readonly store: OperationStore;
  /**
   * Disconnects the server as its death would: it receives nothing more from the store, and its calls do not arrive.
   * For the store, work in progress has an unknown outcome.
   */
  disconnect(): void;
}

export function disconnectableStore(store: OperationStore): DisconnectableStore {
  const disconnection = Promise.withResolvers<never>();
  disconnection.promise.catch(() => {});
  let isDisconnected = false;
  let stopConsuming = () => {};
  const untilDisconnected = <Result>(call: () => Promise<Result>): Promise<Result> =>
    isDisconnected ? disconnection.promise : Promise.race([call(), disconnection.promise]);
  return {
    store: {
      ...aroundStore(store, (_call, proceed) => untilDisconnected(proceed)),
      watch: (listener) =>
        store.watch((name, record) => {
          if (!isDisconnected) listener(name, record);
        }),
      consume(handler, options) {
        const onError = (error: unknown) => {
          if (!isDisconnected) options.onError(error);
        };
        const consumer = store.consume((record) => untilDisconnected(() => handler(record)), {
          ...options,
          onError,
        });
        stopConsuming = () => consumer.stop();
        return consumer;
      },
      close: async () => {
        if (!isDisconnected) await store.close();
      },
    },
    disconnect() {
      isDisconnected = true;
      stopConsuming();
      disconnection.reject(new Error('the server is disconnected from its store'));
    },
  };
}

/** Closes opened resources, last first, even if closing some of them fails. */
export class Scope {
  readonly #closers: (() => Promise<void>)[] = [];

  onClose(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        await this.close();
        throw error;
      }
    }
  }
}
