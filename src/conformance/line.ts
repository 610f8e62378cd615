import type { OperationStore } from '../server/index.js';
import type { ReportsAccess, ReportsServer, ReportsServerOptions } from './reports-server.js';

/** One line of the table: something that is true of every store, shown with what it opens. */
export interface Line<Opener> {
  readonly title: string;
  /** The lines of the contract that it checks. */
  readonly contract: readonly number[];
  run(open: Opener): Promise<void>;
}

/** Lines about one thing. */
export interface Topic<Opener> {
  readonly name: string;
  readonly lines: readonly Line<Opener>[];
}

export function line<Opener>(
  title: string,
  contract: readonly number[],
  run: (open: Opener) => Promise<void>,
): Line<Opener> {
  return { title, contract, run };
}

/** How a line has its server. */
export interface SubjectOptions extends Omit<ReportsServerOptions, 'store'> {
  /** Puts something between the server and the store that the table is run over. */
  readonly around?: (store: OperationStore) => OperationStore;
}

/** A server, reached in the way that the table is at. */
export interface Subject extends ReportsServer, ReportsAccess {}

/** Starts a server over an empty store. It is closed when the line is at its end. */
export type Open = (options?: SubjectOptions) => Promise<Subject>;

/** A server that can die. */
export interface RestartableSubject extends Subject {
  /** Cuts the server off from its store, as if its process had died, and starts another over what was kept. */
  restart(options?: SubjectOptions): Promise<RestartableSubject>;
}

/** Starts a server that can die over an empty store. */
export type OpenRestartable = (options?: SubjectOptions) => Promise<RestartableSubject>;

/** Opens an empty store. It is closed when the line is at its end. */
export type OpenStore = () => Promise<OperationStore>;
