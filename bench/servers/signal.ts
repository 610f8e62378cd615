import { Server } from '@grpc/grpc-js';
import { operationMethod } from 'longrunning';
import {
  ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
} from 'longrunning/generated/example/reports/v1/reports';
import { createOperations, implement, OperationsService } from 'longrunning/server';
import { machineMs } from '../harness/machine-clock.ts';
import { answerParent } from '../harness/parent-link.ts';
import { exampleRequest } from './example-operations.ts';
import { listen } from './serve.ts';

/** A server of the kit that tells when work heard of its cancellation. */
export type SignalRequests = {
  /** Serves over gRPC; tells where. */
  listen(input?: undefined): Promise<string>;
  /** Starts so many operations; tells their names once all are at work. */
  begin(count: number): Promise<readonly string[]>;
  /** Cancels them in process, one after the other; tells when it asked for each, by `machineMs`. */
  cancel(names: readonly string[]): Promise<readonly number[]>;
  /** When the work on each heard of it, by `machineMs`. */
  abortedAt(names: readonly string[]): Promise<readonly number[]>;
};

const begun = new Map<string, PromiseWithResolvers<void>>();
const aborted = new Map<string, number>();

const endless = implement(
  operationMethod({
    path: '/example.reports.v1.Reports/ExportReport',
    request: ExportReportRequest,
    response: ExportReportResponse,
    metadata: ReportMetadata,
  }),
  {
    parent: ({ parent }) => parent,
    run: (_request, { name, signal }) =>
      new Promise((_resolve, reject) => {
        const end = () => {
          aborted.set(name, machineMs());
          reject(signal.reason);
        };
        signal.addEventListener('abort', end, { once: true });
        begun.get(name)?.resolve();
      }),
  },
);
const operations = createOperations({ methods: [endless], maxRunning: Number.MAX_SAFE_INTEGER });

answerParent({
  listen() {
    const server = new Server();
    server.addService(OperationsService, operations.handlers);
    return listen(server);
  },
  begin: (count) =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const { name } = await operations.start(endless, exampleRequest);
        const atWork = Promise.withResolvers<void>();
        begun.set(name, atWork);
        await atWork.promise;
        return name;
      }),
    ),
  async cancel(names) {
    const askedAt: number[] = [];
    for (const name of names) {
      askedAt.push(machineMs());
      await operations.api.cancelOperation({ name });
    }
    return askedAt;
  },
  async abortedAt(names) {
    const times = names.flatMap((name) => aborted.get(name) ?? []);
    if (times.length < names.length) throw new Error('some work has not heard of its cancellation');
    return times;
  },
} satisfies SignalRequests);
