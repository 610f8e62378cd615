import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operationMethod } from 'longrunning';
import {
  ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
} from 'longrunning/generated/example/reports/v1/reports';
import {
  createOperations,
  type ImplementedMethod,
  implement,
  memoryStore,
  type OperationStore,
  type Operations,
} from 'longrunning/server';
import { inLanes } from '../harness/lanes.ts';
import { machineMs } from '../harness/machine-clock.ts';
import { answerParent } from '../harness/parent-link.ts';
import { exampleRequest } from './example-operations.ts';

/** A server of operations, called in process, perhaps one of several on one store. */
export type ReplicaRequests = LifecycleRequests & {
  open(input: Opening): Promise<void>;
  /** Starts an operation; tells its name once it is at work. */
  begin(input?: undefined): Promise<string>;
  /** Cancels it; tells when it was asked to. */
  cancel(name: string): Promise<number>;
  /** When the work on it heard that it was cancelled. */
  abortedAt(name: string): Promise<number>;
};

/** A process that does operations, or what is as much work, from start to done. */
export type LifecycleRequests = {
  /** Starts so many operations whose work is nothing, and waits for their ends; tells the milliseconds. */
  lifecycles(input: Lifecycles): Promise<number>;
};

/** How many operations, and how many of them at once. */
export interface Lifecycles {
  readonly count: number;
  readonly inFlight: number;
}

/** How a replica is to be. */
export interface Opening {
  readonly store: 'memory' | 'sqlite' | { readonly url: string };
  /** `none`: it answers calls only. `endless`: until cancelled. `short`: nothing is to be done. */
  readonly work: 'none' | 'endless' | 'short';
}

const exportReport = operationMethod({
  path: '/example.reports.v1.Reports/ExportReport',
  request: ExportReportRequest,
  response: ExportReportResponse,
  metadata: ReportMetadata,
});
const begun = new Map<string, PromiseWithResolvers<void>>();
const aborted = new Map<string, PromiseWithResolvers<number>>();
let operations: Operations;

const short: ImplementedMethod<ExportReportRequest> = implement(exportReport, {
  parent: ({ parent }) => parent,
  run: async () => ({ uri: 'gs://reports/2031/annual.pdf' }),
});
const endless: ImplementedMethod<ExportReportRequest> = implement(exportReport, {
  parent: ({ parent }) => parent,
  run: (_request, { name, signal }) =>
    new Promise((_resolve, reject) => {
      entry(begun, name).resolve();
      const end = () => {
        entry(aborted, name).resolve(machineMs());
        reject(signal.reason);
      };
      signal.addEventListener('abort', end, { once: true });
    }),
});

answerParent({
  async open({ store, work }) {
    const methods = { none: [], short: [short], endless: [endless] }[work];
    operations = createOperations({ store: await openStore(store), methods, maxRunning: 1000 });
    await operations.ready();
  },
  async begin() {
    const { name } = await operations.start(endless, exampleRequest);
    await entry(begun, name).promise;
    return name;
  },
  async cancel(name) {
    const askedAt = machineMs();
    await operations.api.cancelOperation({ name });
    return askedAt;
  },
  abortedAt: (name) => entry(aborted, name).promise,
  lifecycles: (load) =>
    inLanes(load, async () => {
      const { name } = await operations.start(short, exampleRequest);
      const { done } = await operations.api.waitOperation({ name });
      if (!done) throw new Error(`operation ${name} has not ended`);
    }),
} satisfies ReplicaRequests);

async function openStore(store: Opening['store']): Promise<OperationStore> {
  if (store === 'memory') return memoryStore();
  if (store === 'sqlite') {
    const { sqliteStore } = await import('longrunning/sqlite');
    const directory = mkdtempSync(join(tmpdir(), 'longrunning-bench-'));
    process.on('exit', () => rmSync(directory, { recursive: true }));
    return sqliteStore(join(directory, 'operations.db'));
  }
  const { postgresStore } = await import('longrunning/postgres');
  return postgresStore({ connectionString: store.url });
}

function entry<Value>(
  entries: Map<string, PromiseWithResolvers<Value>>,
  name: string,
): PromiseWithResolvers<Value> {
  const known = entries.get(name) ?? Promise.withResolvers<Value>();
  entries.set(name, known);
  return known;
}
