// Server to be killed: `node server.ts STORE PORT NUMBER`. It writes the observations of its work to standard output,
// one event per line. Each line is written before anything that follows it happens.

import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { Code, operationMethod, StatusError } from 'longrunning';
import {
  ExportReportRequest,
  ExportReportResponse,
  PurgeReportsRequest,
  ReportMetadata,
  ReportsService,
} from 'longrunning/generated/example/reports/v1/reports';
import { Empty } from 'longrunning/generated/google/protobuf/empty';
import { postgresStore } from 'longrunning/postgres';
import {
  createOperations,
  implement,
  OperationsService,
  type RunContext,
  strictService,
} from 'longrunning/server';
import { sqliteStore } from 'longrunning/sqlite';
import type { EventFacts } from './history.ts';

const [storeUrl = '', port = '0', server = '0'] = process.argv.slice(2);

/** Long enough for a server to die during some of the work, and for a cancel elsewhere to arrive before its end. */
const LONGEST_WORK_MS = storeUrl.startsWith('postgres') ? 3000 : 300;
/** Set by tests that need work to last as long as it can, and to succeed. */
const IS_STEADY = process.env.TORTURE_WORK === 'steady';
const LOOK_EVERY_MS = 10;
/** A timer this late means that the process was suspended: the work then checks its state before it continues. */
const LATE_MS = 200;
const LOOKS_WHEN_LATE = 50;
const SHARE_OF_MISBEHAVIOR = 0.2;
/** Short, so that much work is taken over. */
const LEASE_MS = 2000;

function tell(name: string, facts: EventFacts): void {
  writeSync(1, `${JSON.stringify({ name, at: Date.now(), ...facts })}\n`);
}

/** Half of the work honors a cancellation request, the other half only records it. */
async function work({ name, attempt, signal, update }: RunContext<ReportMetadata>): Promise<void> {
  tell(name, { type: 'work began', attempt, server: Number(server) });
  const obeys = Math.random() < 0.5;
  let looks = ((IS_STEADY ? 1 : Math.random()) * LONGEST_WORK_MS) / LOOK_EVERY_MS;
  const heed = () => {
    if (StatusError.from(signal.reason).code === Code.CANCELLED)
      tell(name, { type: 'work was cancelled', attempt });
  };
  if (signal.aborted) heed();
  signal.addEventListener('abort', heed, { once: true });
  await update({ progressPercent: attempt });
  while (looks-- > 0) {
    const before = performance.now();
    await delay(LOOK_EVERY_MS);
    if (performance.now() - before > LATE_MS) looks = Math.max(looks, LOOKS_WHEN_LATE);
    if (obeys && signal.aborted) throw signal.reason;
  }
  if (!IS_STEADY && Math.random() < SHARE_OF_MISBEHAVIOR) await misbehave(update);
  tell(name, { type: 'work returns', attempt });
}

/** Values that no program should throw. */
const MISTAKES: readonly (() => unknown)[] = [
  () => undefined,
  () => Object.create(null),
  () => new Proxy({}, { get: () => fail() }),
  () => Object.defineProperty(new Error('x'), 'message', { get: () => fail() }),
  () => new StatusError(Code.ABORTED, '\ud83d'.repeat(5000), [{ '@type': 'google.rpc.ErrorInfo' }] as never),
  () => new StatusError('x' as never, 'm', 5 as never),
  () => 'x'.repeat(10_000_000),
];

function fail(): never {
  throw new Error('not readable');
}

/** Ends work as user code should not: by throwing an odd value, or after an update that cannot be recorded. */
async function misbehave(update: RunContext<ReportMetadata>['update']): Promise<void> {
  await update({ progressPercent: 'many' } as never).catch(() => {});
  void update({ progressPercent: { valueOf: fail } } as never);
  throw MISTAKES[Math.floor(Math.random() * MISTAKES.length)]?.();
}

const exportReport = implement(
  operationMethod({
    path: '/example.reports.v1.Reports/ExportReport',
    request: ExportReportRequest,
    response: ExportReportResponse,
    metadata: ReportMetadata,
  }),
  {
    parent: ({ parent }) => parent,
    onInterrupted: 'resume',
    async run(_, context) {
      await work(context);
      return { uri: context.name, rowCount: context.attempt };
    },
  },
);

const purgeReports = implement(
  operationMethod({
    path: '/example.reports.v1.Reports/PurgeReports',
    request: PurgeReportsRequest,
    response: Empty,
    metadata: ReportMetadata,
  }),
  {
    parent: ({ parent }) => parent,
    onInterrupted: 'abort',
    async run(_, context) {
      await work(context);
      return {};
    },
  },
);

function openStore(url: string) {
  const [scheme, path] = url.split(/:(.*)/s);
  if (scheme === 'sqlite' && path) return sqliteStore(path);
  if (scheme === 'postgres') return postgresStore({ connectionString: url, leaseMs: LEASE_MS });
  throw new Error(`store ${url} is unknown: write sqlite:FILE or postgres://HOST/DATABASE`);
}

/** Logger with as many faults as possible. */
const logger = {
  error() {
    throw new Error('the log is full');
  },
};

const operations = createOperations({
  store: openStore(storeUrl),
  methods: [exportReport, purgeReports],
  logger,
});
await operations.ready();
const grpc = new Server();
grpc.addService(OperationsService, operations.handlers);
grpc.addService(strictService(ReportsService), {
  exportReport: operations.starter(exportReport),
  purgeReports: operations.starter(purgeReports),
});
grpc.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
  if (error) throw error;
  writeSync(1, `listening ${bound}\n`);
});
