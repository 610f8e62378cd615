import type { OperationStore } from '../../server/index.js';
import type { MortalSubject, Open, OpenMortal, OpenStore, Subject, SubjectOptions } from './line.js';
import { type ReportsAccess, type ReportsServer, startReportsServer } from './reports-server.js';
import type { Scope } from './scope.js';
import { severableStore } from './severable-store.js';

/** The store that the table is run over, and how its servers are reached. */
export interface StageOptions {
  /** Opens a store with nothing in it. */
  readonly open: () => OperationStore | Promise<OperationStore>;
  readonly access: (server: ReportsServer) => ReportsAccess;
  /** Closes what is opened on the stage. */
  readonly scope: Scope;
}

/** Where a line has one store. */
export function storeStage({ open, scope }: Omit<StageOptions, 'access'>): OpenStore {
  return async () => {
    const store = await open();
    scope.onClose(() => store.close());
    return store;
  };
}

/** Where a line has a server. */
export function serverStage({ open, ...options }: StageOptions): Open {
  return async (subject) => startSubject(await open(), options, subject);
}

/** Where a line has servers that die. */
export function recoveryStage({
  open,
  reopen,
  ...options
}: StageOptions & {
  readonly reopen: (earlier: OperationStore) => OperationStore | Promise<OperationStore>;
}): OpenMortal {
  const start = async (kept: OperationStore, subject?: SubjectOptions): Promise<MortalSubject> => {
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
  { access, scope }: Pick<StageOptions, 'access' | 'scope'>,
  { around = (same) => same, ...options }: SubjectOptions = {},
): Promise<Subject> {
  const server = await startReportsServer({ ...options, store: around(store) });
  scope.onClose(async () => server[Symbol.asyncDispose]());
  return { ...server, ...access(server) };
}
