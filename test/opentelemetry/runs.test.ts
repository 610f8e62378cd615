import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { Code, StatusError } from 'longrunning';
import { eventually } from '../../src/conformance/eventually.js';
import { disconnectableStore } from '../../src/conformance/openers.js';
import { type ReportsServerOptions, startReportsServer } from '../../src/conformance/reports-server.js';
import { systemClock } from '../../src/core/clock.js';
import type { OperationStore } from '../../src/stores/contract/operation-store.js';
import { memoryStore } from '../../src/stores/memory/memory-store.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { postgresStoreForTest } from '../helpers/postgres-database.js';
import { type TempDirectory, tempDirectory } from '../helpers/sqlite-file.js';
import { Recorder } from './recorder.js';

const EXPORT = 'example.reports.v1.Reports/ExportReport';
const RUN = `run ${EXPORT}`;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const tracestate = 'vendor=a';

const opened = closeAfterEach();
let directory: TempDirectory;
beforeEach(() => {
  directory = tempDirectory();
});
afterEach(() => directory[Symbol.dispose]());

interface TestedStore {
  readonly name: string;
  open(id: string): Promise<OperationStore>;
  /** Opens what a server that died has left. */
  reopen?(id: string, earlier: OperationStore): Promise<OperationStore>;
}

const openSqlite = async (id: string) => sqliteStore(join(directory.path, id));
const openPostgres = (id: string) =>
  postgresStoreForTest({ schema: `test_${id.replaceAll('-', '')}`, leaseMs: 1000 });

const STORES: readonly TestedStore[] = [
  { name: 'memory', open: async () => memoryStore() },
  {
    name: 'SQLite',
    open: openSqlite,
    async reopen(id, earlier) {
      await earlier.close();
      return openSqlite(id);
    },
  },
  { name: 'PostgreSQL', open: openPostgres, reopen: openPostgres },
];

async function start(recorder: Recorder, store: OperationStore, options: ReportsServerOptions = {}) {
  const telemetry = recorder.telemetry();
  return opened(await startReportsServer({ clock: systemClock, ...options, store, telemetry }));
}

/** Resolves to the spans of runs once there are `count`. */
async function runs(recorder: Recorder, count = 1): Promise<readonly ReadableSpan[]> {
  await eventually(() => recorder.spansNamed(RUN).length >= count);
  return recorder.spansNamed(RUN);
}

const idsOf = (span: ReadableSpan | undefined) => {
  const { traceId, spanId } = span?.spanContext() ?? {};
  return { traceId, spanId };
};

describe.each(STORES)('a run of work, $name store', ({ open, reopen }) => {
  it('has a span that begins a trace, linked to the call that started the operation', async () => {
    const recorder = opened(new Recorder());
    const server = await start(recorder, await open(randomUUID()));
    const { name } = await server.overGrpc.exportReport({}, { headers: { traceparent, tracestate } });
    (await server.exports.on(name)).succeed();
    const [run] = await runs(recorder);
    const [call] = recorder.spansNamed(EXPORT);
    expect(run?.kind).toBe(SpanKind.CONSUMER);
    expect(run?.parentSpanContext).toBeUndefined();
    expect(run?.spanContext().traceId).not.toBe(call?.spanContext().traceId);
    expect(run?.links.map(({ context }) => ({ ...context }))).toMatchObject([
      { ...idsOf(call), isRemote: true },
    ]);
    expect(run?.links[0]?.context.traceState?.serialize()).toBe(tracestate);
    expect(run?.attributes).toEqual({
      'longrunning.operation.name': name,
      'longrunning.method': EXPORT,
      'longrunning.attempt': 1,
      'longrunning.ending': 'succeeded',
    });
    expect(run?.status.code).toBe(SpanStatusCode.UNSET);
  });

  if (reopen) {
    it('that another server resumes is linked to the same call, attempt 2', async () => {
      const recorder = opened(new Recorder());
      const id = randomUUID();
      const kept = await open(id);
      opened({ [Symbol.asyncDispose]: () => kept.close() });
      const { store, disconnect } = disconnectableStore(kept);
      const exportReport = { onInterrupted: 'resume' } as const;
      const first = await start(recorder, store, { exportReport });
      const { name } = await first.overGrpc.exportReport();
      await first.exports.on(name);
      disconnect();
      const second = await start(recorder, await reopen(id, kept), { exportReport });
      (await second.exports.on(name)).succeed();
      const [call] = recorder.spansNamed(EXPORT);
      // The first run is with a server that is dead: no span of it ever ends.
      const [run] = await runs(recorder);
      expect(run?.attributes).toMatchObject({ 'longrunning.attempt': 2, 'longrunning.ending': 'succeeded' });
      expect(run?.links.map(({ context }) => ({ ...context }))).toMatchObject([idsOf(call)]);
    });
  }
});

describe('a run of work', () => {
  it('on another replica is linked to the call that this one answered', async () => {
    const schema = randomUUID();
    const [here, there] = [opened(new Recorder()), opened(new Recorder())];
    const busy = await start(here, await openPostgres(schema), { maxRunning: 1, onAbort: 'ignore' });
    const filler = await busy.inProcess.exportReport();
    await busy.exports.on(filler.name);
    const worker = await start(there, await openPostgres(schema));
    const { name } = await busy.overGrpc.exportReport();
    (await worker.exports.on(name)).succeed();
    const [run] = await runs(there);
    const call = here.spans.find(({ attributes }) => attributes['longrunning.operation.name'] === name);
    expect(run?.links.map(({ context }) => ({ ...context }))).toMatchObject([idsOf(call)]);
    expect(there.spansNamed(EXPORT)).toEqual([]);
  });

  it('that its server releases on shutdown reports it, and the next has attempt 2', async () => {
    const recorder = opened(new Recorder());
    const exportReport = { onInterrupted: 'resume' } as const;
    const first = await start(recorder, await openSqlite('stopped'), { exportReport });
    const { name } = await first.overGrpc.exportReport();
    await first.exports.on(name);
    await first.kit.close({ graceMs: 0 });
    const second = await start(recorder, await openSqlite('stopped'), { exportReport });
    (await second.exports.on(name)).succeed();
    const spans = await runs(recorder, 2);
    expect(spans.map(({ attributes }) => attributes)).toMatchObject([
      { 'longrunning.attempt': 1, 'longrunning.ending': 'released' },
      { 'longrunning.attempt': 2, 'longrunning.ending': 'succeeded' },
    ]);
    expect(spans[0]?.links.map(({ context }) => context.spanId)).toEqual(
      spans[1]?.links.map(({ context }) => context.spanId),
    );
  });

  it('is the parent of spans of the work itself', async () => {
    const recorder = opened(new Recorder());
    const tracer = recorder.tracerProvider.getTracer('work');
    const run = async () => {
      await new Promise(setImmediate);
      tracer.startSpan('collect rows').end();
      return {};
    };
    const server = await start(recorder, memoryStore(), { exportReport: { run } });
    const { name } = await server.overGrpc.exportReport();
    await server.overGrpc.operations.waitOperation({ name });
    const [span] = await runs(recorder);
    const [inner] = recorder.spansNamed('collect rows');
    expect(inner?.parentSpanContext).toMatchObject(idsOf(span));
  });

  it('that is cancelled has an event for the cancel request', async () => {
    const recorder = opened(new Recorder());
    const server = await start(recorder, memoryStore());
    const { name } = await server.overGrpc.exportReport();
    await server.exports.on(name);
    await server.overGrpc.operations.cancelOperation({ name });
    const [run] = await runs(recorder);
    expect(run?.events.map((event) => event.name)).toEqual(['longrunning.cancel_requested']);
    expect(run?.attributes).toMatchObject({ 'longrunning.ending': 'cancelled' });
    expect(run?.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('that fails is an error with the code and message of the operation; unexpected causes are kept out', async () => {
    const recorder = opened(new Recorder());
    const server = await start(recorder, memoryStore());
    const first = await server.overGrpc.exportReport();
    (await server.exports.on(first.name)).fail(new StatusError(Code.FAILED_PRECONDITION, 'report is locked'));
    const second = await server.overGrpc.exportReport();
    (await server.exports.on(second.name)).fail(new Error('secret'));
    const spans = await runs(recorder, 2);
    expect(spans.map(({ status }) => status)).toEqual([
      { code: SpanStatusCode.ERROR, message: 'report is locked' },
      { code: SpanStatusCode.ERROR, message: expect.stringContaining('internal error') },
    ]);
    expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual([
      'FAILED_PRECONDITION',
      'UNKNOWN',
    ]);
    expect(JSON.stringify(spans.map(({ attributes, events }) => [attributes, events]))).not.toContain(
      'secret',
    );
  });

  it('of an operation that was started in process is linked to the span that was active there', async () => {
    const recorder = opened(new Recorder());
    const server = await start(recorder, memoryStore());
    const tracer = recorder.tracerProvider.getTracer('application');
    const { name, outer } = await tracer.startActiveSpan('order', async (span) => {
      const operation = await server.inProcess.exportReport();
      span.end();
      return { name: operation.name, outer: span as unknown as ReadableSpan };
    });
    (await server.exports.on(name)).succeed();
    const [run] = await runs(recorder);
    expect(run?.links.map(({ context }) => context.spanId)).toEqual([outer.spanContext().spanId]);
  });
});
