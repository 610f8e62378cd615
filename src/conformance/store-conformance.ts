import type { OperationStore } from '../server/index.js';
import { cancel, cancelRaces } from './cancel.js';
import { deletion } from './delete.js';
import { errors } from './errors.js';
import { list, pages } from './list.js';
import { listFilter } from './list-filter.js';
import { names } from './names.js';
import { restartableOpener, Scope, serverOpener, storeOpener } from './openers.js';
import { operation } from './operation.js';
import { recovery } from './recovery.js';
import type { ReportsServer } from './reports-server.js';
import { requestIds } from './request-ids.js';
import { retention } from './retention.js';
import { storeAway } from './store-away.js';
import { storeListing } from './store-listing.js';
import { storeRecords } from './store-records.js';
import { storeWork } from './store-work.js';
import { takenOver } from './taken-over.js';
import type { Open, OpenRestartable, OpenStore, TestCase, Topic } from './test-case.js';
import { wait } from './wait.js';

/** Test case for any test runner. */
export interface ConformanceCase {
  /** Unique name, such as `cancel › already succeeded: OK, unchanged (contract 13), over gRPC`. */
  readonly name: string;
  /** Lines of the contract that the case checks; empty for the interface between store and server. */
  readonly contract: readonly number[];
  /** Resolves if the property holds; rejects with an AssertionError that describes the difference. */
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
 * Returns test cases for a store, to run with any test runner. They check the guarantees of every server of this kit,
 * and the server's requirements on a store. The stores of this package pass the same cases.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { storeConformance } from 'longrunning/conformance';
 * import { leasedStore } from 'longrunning/store';
 * import { JournalRecords } from '../src/journal-store.js';
 *
 * const open = () => leasedStore(new JournalRecords(newFile()));
 * for (const { name, run } of storeConformance({ open })) test(name, run);
 * ```
 */
export function storeConformance({
  open,
  reopen,
}: {
  /** Opens an empty store. The test case that opens it closes it. */
  open(): OperationStore | Promise<OperationStore>;
  /**
   * Reopens the data of `earlier`, as after the death of its server. It may close `earlier` if only one store can be
   * open. `earlier` is closed, possibly again, when the case ends.
   *
   * @defaultValue none: the store does not outlive its process, and the recovery cases are omitted
   */
  reopen?(earlier: OperationStore): OperationStore | Promise<OperationStore>;
}): readonly ConformanceCase[] {
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
    topic.cases.map((testCase) => {
      const { title, contract } = testCase;
      const lines = contract.length > 0 ? ` (contract ${contract.join(', ')})` : '';
      return {
        name: `${topic.name} › ${title}${lines}${suffix}`,
        contract,
        run: () => runOn(openerIn, testCase),
      };
    }),
  );
}

async function runOn<Opener>(openerIn: (scope: Scope) => Opener, testCase: TestCase<Opener>): Promise<void> {
  const scope = new Scope();
  try {
    await testCase.run(openerIn(scope));
  } finally {
    await scope.close();
  }
}
