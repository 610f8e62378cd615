import { setImmediate as nextTurn } from 'node:timers/promises';
import { credentials, Server } from '@grpc/grpc-js';
import {
  ExportReportRequest,
  type ExportReportResponse,
  type ReportMetadata,
  ReportsClient,
  ReportsService,
} from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { grpcOperations, unary } from '../../src/conformance/grpc-operations.js';
import { Code, StatusError } from '../../src/core/status.js';
import { servePort } from '../../src/gateway/index.js';
import {
  createOperations,
  type Implementation,
  implement,
  type OperationsOptions,
  OperationsService,
  type RunContext,
  strictService,
  type Telemetry,
} from '../../src/server/index.js';
import { HOSTILE } from '../helpers/any-value.js';
import { processFaults } from '../helpers/process-faults.js';

export type Reports = Implementation<ExportReportRequest, ExportReportResponse, ReportMetadata>;

/** Stands for code of users; returns anything, or throws. */
export type UserCode = () => unknown;

const PLAIN: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => false,
  () => Number.NaN,
  () => '',
  () => '\ud800',
  () => [null],
  () => ({}),
  () => () => {
    throw new Error('function');
  },
  () => new Error('plain'),
  () => Promise.reject(new Error('promise')),
  () => new StatusError(Code.ABORTED, 'm', [{ '@type': 'google.rpc.ErrorInfo', reason: 'X' }] as never),
  () => new StatusError(Code.INVALID_ARGUMENT, 'm', 5 as never),
];

/** Makes values, each anew: code of users has what to throw or to return. */
export const VALUES: readonly (() => unknown)[] = [...PLAIN, ...HOSTILE];

/** Ways of code to misbehave with a value. */
export const MISBEHAVIORS: Readonly<Record<string, (make: () => unknown) => UserCode>> = {
  throws: (make) => () => {
    throw make();
  },
  rejects: (make) => () => Promise.reject(make()),
  returns: (make) => make,
  'resolves to': (make) => async () => make(),
  'returns a thenable that throws': (make) => () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is the point
    then() {
      throw make();
    },
  }),
};

/** Code that misbehaves for one caller, in a server that has others. */
export interface Situation {
  /** The whole implementation, or parts of it; `run` returns a response unless it is given. */
  readonly reports?: Partial<Reports>;
  readonly options?: Partial<OperationsOptions>;
}

/** Far more than anything here takes. */
const PATIENCE_MS = 10_000;

/** Title of the requests for which user code misbehaves. */
export const VICTIM = 'victim';

/** Telemetry that does nothing. */
export const QUIET_TELEMETRY = {
  call: () => ({ trace: undefined, within: <Result>(act: () => Result) => act(), end() {} }),
  current: () => undefined,
  run: () => ({
    trace: undefined,
    within: <Result>(act: () => Result) => act(),
    cancelRequested() {},
    end() {},
  }),
  changed() {},
  wait: () => () => {},
  storeCall: () => () => {},
  unfinished: () => () => {},
} satisfies Telemetry;

/** A server on a free port, and two callers. */
export async function serveSituation({ reports, options }: Situation) {
  const begun = new Set<string>();
  const { run = () => ({}), ...rest } = reports ?? {};
  const exportReport = implement(ReportsOperations.exportReport, {
    parent: ({ parent }) => parent,
    ...rest,
    run(request, context: RunContext<ReportMetadata>) {
      begun.add(context.name);
      return run(request, context);
    },
  });
  const operations = createOperations({ methods: [exportReport], logger: { error() {} }, ...options });
  const server = new Server();
  server.addService(OperationsService, operations.handlers);
  server.addService(strictService(ReportsService), { exportReport: operations.starter(exportReport) });
  const port = await servePort({ server, address: '127.0.0.1:0' });
  const stub = new ReportsClient(port.address, credentials.createInsecure());
  const api = grpcOperations(port.address);
  const faults = processFaults();
  const start = (title: string) => {
    const request = ExportReportRequest.fromPartial({ parent: `projects/${title}`, title });
    return unary(stub.exportReport.bind(stub), request, { timeoutMs: PATIENCE_MS });
  };

  /** Cancels an operation once its work has begun. */
  const cancelSoon = async (name: string) => {
    while (!begun.has(name)) await nextTurn();
    await api.cancelOperation({ name });
  };

  /** One operation as a caller sees it; `problems` is empty unless a guarantee was broken. */
  async function observe(title: string, cancels = false) {
    const problems: string[] = [];
    let outcome: unknown;
    try {
      let operation = await start(title);
      if (cancels) await cancelSoon(operation.name);
      const giveUpAt = Date.now() + PATIENCE_MS;
      while (!operation.done && Date.now() < giveUpAt) {
        operation = await api.waitOperation({ name: operation.name, timeout: { seconds: 1, nanos: 0 } });
      }
      if (!operation.done) problems.push('the operation has not ended');
      outcome = operation.result;
    } catch (thrown) {
      const error = StatusError.from(thrown);
      if (!error.detail(ErrorInfo)) problems.push(`an error without ErrorInfo: ${error.message}`);
      outcome = error;
    }
    return { problems, outcome };
  }

  return {
    api,
    operations,
    observe,
    /** Checks that the process lives, the victim is answered, its operation ends, and nobody else notices. */
    async check({
      cancels,
      mayFailLists,
    }: Record<'cancels' | 'mayFailLists', boolean>): Promise<readonly string[]> {
      const [victim, neighbor] = await Promise.all([observe(VICTIM, cancels), observe('neighbor')]);
      const succeeded = (neighbor.outcome as Operation['result'] | undefined)?.$case === 'response';
      const listed = await api.listOperations({ name: `projects/${VICTIM}` }).then(
        () => [],
        (error) => (mayFailLists && error.detail(ErrorInfo) ? [] : [`a list failed: ${error.message}`]),
      );
      const left = (await faults.take()).map((fault) => `nobody handled ${describe(fault)}`);
      return [
        ...victim.problems,
        ...(succeeded ? [] : [`the neighbor got ${describe(neighbor.outcome)}`]),
        ...listed,
        ...left,
      ];
    },
    async [Symbol.asyncDispose]() {
      api[Symbol.dispose]();
      stub.close();
      await operations.close({ graceMs: 0 }).catch(() => {});
      await port.close({ graceMs: 0 });
      server.forceShutdown();
      faults[Symbol.dispose]();
    },
  };
}

/** Never throws. */
export function describe(value: unknown): string {
  return StatusError.from(value).message.slice(0, 200);
}
