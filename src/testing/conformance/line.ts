import type { OperationStore } from '../../server/index.js';
import type { ReportsAccess, ReportsServer, ReportsServerOptions } from './reports-server.js';

/** One line of the table: something that is true of every store, shown on a stage that it is given. */
export interface Line<Stage> {
  readonly title: string;
  /** The lines of the contract that it checks. */
  readonly contract: readonly number[];
  run(stage: Stage): Promise<void>;
}

/** Lines about one thing. */
export interface Topic<Stage> {
  readonly name: string;
  readonly lines: readonly Line<Stage>[];
}

export function line<Stage>(
  title: string,
  contract: readonly number[],
  run: (stage: Stage) => Promise<void>,
): Line<Stage> {
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
export interface MortalSubject extends Subject {
  /** Cuts the server off from its store, as if its process had died, and starts another over what was kept. */
  restart(options?: SubjectOptions): Promise<MortalSubject>;
}

/** Starts a server that can die over an empty store. */
export type OpenMortal = (options?: SubjectOptions) => Promise<MortalSubject>;

/** Opens an empty store. It is closed when the line is at its end. */
export type OpenStore = () => Promise<OperationStore>;
