import type { OperationStore } from '../server/index.js';
import type { ReportsAccess, ReportsServer, ReportsServerOptions } from './reports-server.js';

/** Test case: a property of every store, checked with the resources that `open` creates. */
export interface TestCase<Opener> {
  readonly title: string;
  /** Lines of the contract that the case checks. */
  readonly contract: readonly number[];
  run(open: Opener): Promise<void>;
}

/** Test cases about one topic. */
export interface Topic<Opener> {
  readonly name: string;
  readonly cases: readonly TestCase<Opener>[];
}

export function testCase<Opener>(
  title: string,
  contract: readonly number[],
  run: (open: Opener) => Promise<void>,
): TestCase<Opener> {
  return { title, contract, run };
}

/** Options of the server of a test case. */
export interface SubjectOptions extends Omit<ReportsServerOptions, 'store'> {
  /** Wraps the store under test. */
  readonly around?: (store: OperationStore) => OperationStore;
}

/** Server, accessed over the transport under test. */
export interface Subject extends ReportsServer, ReportsAccess {}

/** Starts a server with an empty store. It is closed when the test case ends. */
export type Open = (options?: SubjectOptions) => Promise<Subject>;

/** Server whose death can be simulated. */
export interface RestartableSubject extends Subject {
  /** Disconnects the server from its store, as if its process had died, and starts another with the stored operations. */
  restart(options?: SubjectOptions): Promise<RestartableSubject>;
}

/** Starts a server whose death can be simulated, with an empty store. */
export type OpenRestartable = (options?: SubjectOptions) => Promise<RestartableSubject>;

/** Opens an empty store. It is closed when the test case ends. */
export type OpenStore = () => Promise<OperationStore>;
