import { Server, type sendUnaryData } from '@grpc/grpc-js';
import type { Operation } from 'longrunning';
import { operationMethod } from 'longrunning';
import {
  ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
} from 'longrunning/generated/example/reports/v1/reports';
import {
  OperationsService as GeneratedService,
  type OperationsServer,
} from 'longrunning/generated/google/longrunning/operations';
import { createOperations, implement, OperationsService } from 'longrunning/server';
import { machineMs } from '../harness/machine-clock.ts';
import { memoryInUse } from '../harness/memory.ts';
import { answerParent } from '../harness/parent-link.ts';
import { exampleRequest } from './example-operations.ts';
import { listen } from './serve.ts';

/** A server with calls that it has not answered yet: waits of the kit, or bare calls of grpc-js. */
export type HeldRequests = {
  listen(side: 'kit' | 'bare'): Promise<string>;
  /** Has operations begin that can be waited for; tells their names. */
  begin(count: number): Promise<readonly string[]>;
  /** How many bytes are in use. */
  memory(input?: undefined): number;
  /** Ends the operations, or answers the calls; tells when it began to, by `machineMs`. */
  release(input?: undefined): number;
};

const ended: (() => void)[] = [];
const pending: sendUnaryData<Operation>[] = [];

const endless = implement(
  operationMethod({
    path: '/example.reports.v1.Reports/ExportReport',
    request: ExportReportRequest,
    response: ExportReportResponse,
    metadata: ReportMetadata,
  }),
  {
    parent: ({ parent }) => parent,
    run: () => new Promise((resolve) => ended.push(() => resolve({ uri: 'gs://reports/2031/annual.pdf' }))),
  },
);
const operations = createOperations({
  methods: [endless],
  maxRunning: Number.MAX_SAFE_INTEGER,
  maxWaitMs: 600_000,
});
let answer: Operation;

const bare: Pick<OperationsServer, 'waitOperation'> = {
  waitOperation: (_call, callback) => pending.push(callback),
};

answerParent({
  listen(side) {
    const server = new Server();
    if (side === 'kit') server.addService(OperationsService, operations.handlers);
    else server.addService(GeneratedService, bare);
    return listen(server);
  },
  async begin(count) {
    const names: string[] = [];
    for (let left = count; left > 0; left--) {
      answer = await operations.start(endless, exampleRequest);
      names.push(answer.name);
    }
    return names;
  },
  memory: () => memoryInUse().live,
  release() {
    const releasedAt = machineMs();
    for (const end of ended.splice(0)) end();
    for (const callback of pending.splice(0)) callback(null, answer);
    return releasedAt;
  },
} satisfies HeldRequests);
