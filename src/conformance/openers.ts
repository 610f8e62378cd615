import type { OperationStore } from '../server/index.js';
import { severableStore } from './disconnectable-store.js';
import type {
  Open,
  OpenRestartable,
  OpenStore,
  RestartableSubject,
  Subject,
  SubjectOptions,
} from './line.js';
import { type ReportsAccess, type ReportsServer, startReportsServer } from './reports-server.js';
import type { Scope } from './scope.js';

/** The store that the table is run over, and how its servers are reached. */
export interface OpenerOptions {
  /** Opens a store with nothing in it. */
  readonly open: () => OperationStore | Promise<OperationStore>;
  readonly access: (server: ReportsServer) => ReportsAccess;
  /** Closes what is opened. */
  readonly scope: Scope;
}

/** Opens the one store that a line has. */
export function storeOpener({ open, scope }: Omit<OpenerOptions, 'access'>): OpenStore {
  return async () => {
    const store = await open();
    scope.onClose(() => store.close());
    return store;
  };
}

/** Starts the server that a line has. */
export function serverOpener({ open, ...options }: OpenerOptions): Open {
  return async (subject) => startSubject(await open(), options, subject);
}

/** Starts a server that is cut off from its store, and another after it. */
export function restartableOpener({
  open,
  reopen,
  ...options
}: OpenerOptions & {
  readonly reopen: (earlier: OperationStore) => OperationStore | Promise<OperationStore>;
}): OpenRestartable {
  const start = async (kept: OperationStore, subject?: SubjectOptions): Promise<RestartableSubject> => {
    options.scope.onClose(() => kept.close());
    const { store, sever } = severableStore(kept);
    const server = await startSubject(store, options, subject);
    return {
      ...server,
      async restart(next) {
        sever();
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
