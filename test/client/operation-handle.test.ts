import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ExportReportResponse, ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { Operation } from '../../generated/google/longrunning/operations.js';
import {
  OperationCancelledError,
  OperationError,
  OperationFailedError,
} from '../../src/client/calls/errors.js';
import type { OperationHandle } from '../../src/client/operations/operation-handle.js';
import { type OpenOperation, operationHandles } from '../../src/client/operations/operation-handles.js';
import { OperationsClient } from '../../src/client/operations/operations-client.js';
import { rejection } from '../../src/conformance/kit-error.js';
import { type ReportsServer, startReportsServer } from '../../src/conformance/reports-server.js';
import { pack } from '../../src/core/any.js';
import type { OperationOutcome } from '../../src/core/operation.js';
import type { OperationMessage } from '../../src/core/operation-message.js';
import { Code, kitError } from '../../src/core/status.js';
import { manualClock } from '../../src/testing/clock/manual-clock.js';

const { exportReport, purgeReports } = ReportsOperations;

/** A handle works the same over the wire and in process. */
const ACCESSES: readonly [string, (server: ReportsServer) => { open: OpenOperation; close(): void }][] = [
  [
    'over gRPC',
    ({ address }) => {
      const client = new OperationsClient({ address });
      return { open: client.operation, close: () => client.close() };
    },
  ],
  ['in process', ({ kit }) => ({ open: operationHandles(kit.api), close: () => {} })],
];

describe.each(ACCESSES)('operation handle %s', (_, accessTo) => {
  let server: ReportsServer;
  let open: OpenOperation;
  let close: () => void;

  beforeEach(async () => {
    server = await startReportsServer();
    ({ open, close } = accessTo(server));
  });

  afterEach(async () => {
    close();
    await server[Symbol.asyncDispose]();
  });

  async function started(): Promise<OperationHandle<ExportReportResponse, ReportMetadata>> {
    const operation = await server.inProcess.exportReport();
    await server.exports.on(operation.name);
    return open(operation, exportReport);
  }

  it('gets the latest state, with typed metadata', async () => {
    const operation = await started();
    await (await server.exports.on(operation.name)).context.update({ progressPercent: 40 });
    const snapshot = await operation.get();
    expect(snapshot.state).toBe('running');
    expect(snapshot.metadata?.progressPercent).toBe(40);
  });

  it('result is the response', async () => {
    const operation = await started();
    const result = operation.result();
    (await server.exports.on(operation.name)).succeed({ uri: 'gs://reports/1', rowCount: 3 });
    expect(await result).toEqual({ uri: 'gs://reports/1', rowCount: 3 });
    expect(await operation.result()).toEqual(await result);
  });

  it('cancelAndWait › cancelled: error.code 1, from the server (contract 39)', async () => {
    const operation = await started();
    const waiting = operation.wait();
    const outcome = await operation.cancelAndWait({ timeoutMs: 5000 });
    expect(outcome.state).toBe('cancelled');
    expect(outcome.metadata?.cancelRequested).toBe(true);
    expect((await waiting).state).toBe('cancelled');

    const error = await rejection(operation.result());
    expect(error).toBeInstanceOf(OperationCancelledError);
    expect(error).toMatchObject({
      operationName: operation.name,
      code: Code.CANCELLED,
      snapshot: { state: 'cancelled' },
    });
  });

  it('a failure keeps code, message and details, in the outcome and in the error of result', async () => {
    const operation = await started();
    const failure = kitError(Code.FAILED_PRECONDITION, 'LOCKED', 'report is locked: unlock it');
    (await server.exports.on(operation.name)).fail(failure);
    const outcome = await operation.wait();
    if (outcome.state !== 'failed') throw new Error(`it is ${outcome.state}`);
    expect(outcome.error.toStatus()).toEqual(failure.toStatus());
    const error = await rejection(operation.result());
    expect(error).toBeInstanceOf(OperationFailedError);
    expect((error as OperationFailedError).toStatus()).toEqual(failure.toStatus());
    expect(error).toMatchObject({ operationName: operation.name, cause: outcome.error });
  });

  it('an operation that does not exist: NOT_FOUND, with its name, from every method', async () => {
    const operation = open('operations/none', exportReport);
    const calls = [
      operation.get(),
      operation.cancel(),
      operation.delete(),
      operation.wait(),
      operation.result(),
      operation.cancelAndWait(),
    ];
    for (const error of await Promise.all(calls.map(rejection))) {
      expect(error).toBeInstanceOf(OperationError);
      expect(error).toMatchObject({ operationName: 'operations/none', code: Code.NOT_FOUND });
    }
  });

  it('deleting it ends a wait with NOT_FOUND (contract 20)', async () => {
    const operation = await started();
    const waiting = rejection(operation.wait());
    await operation.delete();
    expect(await waiting).toMatchObject({ operationName: operation.name, code: Code.NOT_FOUND });
  });

  it('cancelAndWait of a method that cannot be cancelled: UNIMPLEMENTED, and it continues (contract 15)', async () => {
    const operation = open(await server.inProcess.purgeReports(), purgeReports);
    const run = await server.purges.on(operation.name);
    await expect(operation.cancelAndWait()).rejects.toMatchObject({ code: Code.UNIMPLEMENTED });
    run.succeed();
    expect((await operation.wait()).state).toBe('succeeded');
  });

  it('resumes from its JSON, in another process', async () => {
    const operation = await started();
    const json = JSON.parse(JSON.stringify(operation));
    expect(json).toEqual({ name: operation.name, method: '/example.reports.v1.Reports/ExportReport' });
    (await server.exports.on(operation.name)).succeed({ uri: 'u' });
    expect((await open(json, exportReport).result()).uri).toBe('u');
    const raw: OperationOutcome<{ typeUrl: string }, unknown> = await open(json).wait();
    if (raw.state !== 'succeeded') throw new Error(`it is ${raw.state}`);
    expect(raw.response.typeUrl).toBe('type.googleapis.com/example.reports.v1.ExportReportResponse');
    expect(open(json).toJSON()).toEqual(json);
    expect(() => open(json, purgeReports)).toThrow(TypeError);
  });
});

describe('operation handle › work that ignores cancellation', () => {
  const clock = manualClock();
  let server: ReportsServer;
  let client: OperationsClient;

  beforeEach(async () => {
    server = await startReportsServer({ onAbort: 'ignore' });
    client = new OperationsClient({ address: server.address, clock });
  });

  afterEach(async () => {
    client.close();
    await server[Symbol.asyncDispose]();
  });

  async function cancelRequested(name: string): Promise<() => void> {
    const { context, succeed } = await server.exports.on(name);
    if (!context.signal.aborted) {
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }));
    }
    return () => succeed({ uri: 'done' });
  }

  it('cancelAndWait reports success despite the cancellation (contract 12)', async () => {
    const operation = client.operation(await server.inProcess.exportReport(), exportReport);
    await server.exports.on(operation.name);
    const waiting = operation.cancelAndWait();
    const succeed = await cancelRequested(operation.name);
    succeed();
    const outcome = await waiting;
    if (outcome.state !== 'succeeded') throw new Error(`it is ${outcome.state}`);
    expect(outcome.response.uri).toBe('done');
  });

  it('timeoutMs covers the Cancel and the wait (contract 38)', async () => {
    const operation = client.operation(await server.inProcess.exportReport(), exportReport);
    await server.exports.on(operation.name);
    const waiting = rejection(operation.cancelAndWait({ timeoutMs: 100 }));
    await cancelRequested(operation.name);
    await clock.advance(100);
    expect(await waiting).toMatchObject({ name: 'WaitTimeoutError', operationName: operation.name });
    expect((await operation.get()).metadata?.cancelRequested).toBe(true);
  });
});

describe('operation handle › wrong types (contract 41)', () => {
  const wrong = pack(ReportMetadata, ReportMetadata.fromPartial({}));
  const done = Operation.fromPartial({ name: 'operations/1', done: true, metadata: wrong });
  const operation = operationHandles({} as never)(
    { ...done, result: { $case: 'response', value: wrong } },
    exportReport,
  );
  const bothTypes = /example\.reports\.v1\.ReportMetadata, not example\.reports\.v1\.ExportReportResponse/;

  it('wait reports the outcome; reading the response throws an error that names both types', async () => {
    const outcome = await operation.wait();
    if (outcome.state !== 'succeeded') throw new Error(`it is ${outcome.state}`);
    expect(() => outcome.response).toThrow(bothTypes);
    expect(outcome.metadata).toEqual(ReportMetadata.fromPartial({}));
  });

  it('result rejects with that error, and the name of the operation', async () => {
    const error = await rejection(operation.result());
    expect(error).toMatchObject({ operationName: 'operations/1', message: expect.stringMatching(bothTypes) });
    expect((error as Error).cause).toBeInstanceOf(TypeError);
  });

  it('done with neither error nor response is a success with an empty response (contract 2)', async () => {
    const empty = operationHandles({} as never)(done, exportReport);
    expect(await empty.result()).toEqual({ uri: '', rowCount: 0 });
  });
});

describe('operation handle › an invalid timeoutMs', () => {
  type Handle = OperationHandle<unknown, unknown>;
  const uses: [string, (operation: Handle, timeoutMs: number) => Promise<unknown>][] = [
    ['get', (operation, timeoutMs) => operation.get({ timeoutMs })],
    ['cancel', (operation, timeoutMs) => operation.cancel({ timeoutMs })],
    ['delete', (operation, timeoutMs) => operation.delete({ timeoutMs })],
    ['wait', (operation, timeoutMs) => operation.wait({ timeoutMs })],
    ['result', (operation, timeoutMs) => operation.result({ timeoutMs })],
    ['cancelAndWait', (operation, timeoutMs) => operation.cancelAndWait({ timeoutMs })],
    [
      'updates',
      async (operation, timeoutMs) => {
        for await (const _ of operation.updates({ timeoutMs }));
      },
    ],
  ];
  const cases = uses.flatMap(([use, call]) => [-1, Number.NaN].map((ms) => [use, ms, call] as const));
  it.each(cases)('%s, %d: TypeError', async (_, timeoutMs, call) => {
    await using client = new OperationsClient({ address: 'localhost:1' });
    const refused = call(client.operation('operations/1'), timeoutMs);
    const message = `timeoutMs is ${timeoutMs}: give milliseconds, 0 or more, or leave it out`;
    expect(await rejection(refused)).toEqual(new TypeError(message));
  });
});

describe('operation handle › values that are no operation', () => {
  it.each([
    null,
    undefined,
    7,
    true,
    [],
    {},
    { name: 7 },
    { name: null },
    { name: 'operations/1', method: 7 },
  ])('%j: a TypeError that says what to give', (junk) => {
    const open = operationHandles({} as never);
    expect(() => open(junk as never)).toThrow(TypeError);
    expect(() => open(junk as never)).toThrow(
      /^operation is .+: (give its name, the Operation|pass its first element)/,
    );
  });

  it.each([
    ['JSON.stringify of its message', { name: 'operations/1', done: true, error: { code: 5 } }],
    ['proto-loader with oneofs', { name: 'operations/1', done: true, error: { code: 5 }, result: 'error' }],
    ['protobuf-es', { name: 'operations/1', done: true, result: { case: 'error', value: { code: 5 } } }],
  ] as const)('an operation that has ended, by %s: no call is made (contract 35)', async (_, message) => {
    const operation = operationHandles({} as never)(message as OperationMessage);
    expect(await operation.wait()).toMatchObject({ state: 'failed', error: { code: 5 } });
  });

  it('an Operation with contradictory fields: a TypeError (contract 44)', () => {
    const message = { name: 'operations/1', done: true, result: 'error' } as const;
    expect(() => operationHandles({} as never)(message)).toThrow(TypeError);
  });

  it('reads messages of other forms from an OperationsApi', async () => {
    const done = { name: 'operations/1', done: true, error: { code: 5, message: 'x', details: [] } };
    const api = { waitOperation: async () => done, getOperation: async () => done } as never;
    expect((await operationHandles(api)('operations/1').wait()).state).toBe('failed');
    expect((await operationHandles(api)('operations/1').get()).state).toBe('failed');
  });
});
