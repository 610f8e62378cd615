import type { OperationStore } from '../server/index.js';
import { cancel } from './cancel.js';
import { cancelRaces } from './cancel-races.js';
import { deletion } from './delete.js';
import { errors } from './errors.js';
import type { Line, Open, OpenRestartable, OpenStore, Topic } from './line.js';
import { list } from './list.js';
import { listFilter } from './list-filter.js';
import { names } from './names.js';
import { restartableOpener, serverOpener, storeOpener } from './openers.js';
import { operation } from './operation.js';
import { pages } from './pages.js';
import { recovery } from './recovery.js';
import type { ReportsServer } from './reports-server.js';
import { requestIds } from './request-ids.js';
import { retention } from './retention.js';
import { Scope } from './scope.js';
import { storeAway } from './store-away.js';
import { storeListing } from './store-listing.js';
import { storeRecords } from './store-records.js';
import { storeWork } from './store-work.js';
import { takenOver } from './taken-over.js';
import { wait } from './wait.js';

/** The store to run the table over. */
export interface StoreConformanceOptions {
  /** Opens a store with nothing in it. The case that does so closes it. */
  open(): OperationStore | Promise<OperationStore>;
  /**
   * Opens once more what `earlier` keeps, as after the death of the server that had it. It may close `earlier`,
   * where no two can be open; that is closed, perhaps again, when the case ends.
   *
   * @defaultValue none: the store does not outlive its process, and no case is about recovery
   */
  reopen?(earlier: OperationStore): OperationStore | Promise<OperationStore>;
}

/** One line of the table. */
export interface ConformanceCase {
  /** As in `cancel › already succeeded: OK, unchanged (contract 13), over gRPC`. No two have the same. */
  readonly name: string;
  /** The lines of the contract that it checks; none for what is between a store and the server alone. */
  readonly contract: readonly number[];
  /** Resolves when it is so; rejects with an AssertionError that says what is not. */
  run(): Promise<void>;
}

const STORE_TOPICS: readonly Topic<OpenStore>[] = [storeRecords, storeListing, storeWork];

const SERVER_TOPICS: readonly Topic<Open>[] = [
  names,
  operation,
  requestIds,
  cancel,
  cancelRaces,
  deletion,
  wait,
  list,
  pages,
  listFilter,
  retention,
  errors,
  storeAway,
  takenOver,
];

const RECOVERY_TOPICS: readonly Topic<OpenRestartable>[] = [recovery];

const ACCESS = [
  { suffix: ', in process', access: (server: ReportsServer) => server.inProcess },
  { suffix: ', over gRPC', access: (server: ReportsServer) => server.overGrpc },
] as const;

/**
 * What every server of this kit promises whatever its store, and what the server needs of a store, as cases to
 * run over a store of your own with any test runner. The stores of this package pass the very same.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { storeConformance } from 'longrunning/testing';
 * import { JournalStore } from '../src/journal-store.js';
 *
 * for (const { name, run } of storeConformance({ open: () => new JournalStore(newFile()) })) test(name, run);
 * ```
 */
export function storeConformance({ open, reopen }: StoreConformanceOptions): readonly ConformanceCase[] {
  const overServers = ACCESS.flatMap(({ suffix, access }) => [
    ...casesOf(SERVER_TOPICS, suffix, (scope) => serverOpener({ open, access, scope })),
    ...(reopen
      ? casesOf(RECOVERY_TOPICS, suffix, (scope) => restartableOpener({ open, reopen, access, scope }))
      : []),
  ]);
  return [...casesOf(STORE_TOPICS, '', (scope) => storeOpener({ open, scope })), ...overServers];
}

function casesOf<Opener>(
  topics: readonly Topic<Opener>[],
  suffix: string,
  openerIn: (scope: Scope) => Opener,
): ConformanceCase[] {
  return topics.flatMap((topic) =>
    topic.lines.map((line) => {
      const lines = line.contract.length > 0 ? ` (contract ${line.contract.join(', ')})` : '';
      return {
        name: `${topic.name} › ${line.title}${lines}${suffix}`,
        contract: line.contract,
        run: () => runOn(openerIn, line),
      };
    }),
  );
}

async function runOn<Opener>(openerIn: (scope: Scope) => Opener, line: Line<Opener>): Promise<void> {
  const scope = new Scope();
  try {
    await line.run(openerIn(scope));
  } finally {
    await scope.close();
  }
}
