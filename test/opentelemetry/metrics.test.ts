import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  METRIC_RPC_SERVER_CALL_DURATION,
} from '@opentelemetry/semantic-conventions';
import { Code, StatusError } from 'longrunning';
import { METRICS } from 'longrunning/opentelemetry';
import { memoryStore } from 'longrunning/server';
import { eventually } from '../../src/conformance/eventually.js';
import {
  PARENT,
  type ReportsServerOptions,
  startReportsServer,
} from '../../src/conformance/reports-server.js';
import { aroundStore } from '../../src/stores/contract/around-store.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { Recorder } from './recorder.js';

const EXPORT = 'example.reports.v1.Reports/ExportReport';
const method = { 'longrunning.method': EXPORT };

const opened = closeAfterEach();

async function start(options: ReportsServerOptions = {}) {
  const recorder = opened(new Recorder());
  const server = opened(await startReportsServer({ ...options, telemetry: recorder.telemetry() }));
  const metric = (name: keyof typeof METRICS) => recorder.points(METRICS[name].name);
  return { recorder, metric, ...server };
}

/** The rows of the table of metrics in the documents: name, kind, unit, attributes. */
function documented(): string[][] {
  const text = readFileSync(join(__dirname, '../../docs/observability.md'), 'utf8');
  const [, table = ''] = /<!-- metrics -->([\s\S]*?)<!-- \/metrics -->/.exec(text) ?? [];
  return table
    .split('\n')
    .filter((row) => row.startsWith('| `'))
    .map((row) => row.split('|').slice(1, 5))
    .map((cells) => cells.map((cell) => cell.replaceAll('`', '').trim()));
}

describe('metrics', () => {
  it('are those of the documents, and all are exported: name, kind, unit, attributes', async () => {
    const { recorder, overGrpc, exports, manual } = await start();
    const { name } = await overGrpc.exportReport();
    const failing = await overGrpc.exportReport();
    (await exports.on(failing.name)).fail(new StatusError(Code.INTERNAL, 'no'));
    await overGrpc.operations.waitOperation({ name: failing.name });
    const waiting = overGrpc.operations.waitOperation({ name });
    await eventually(async () => (await recorder.points('longrunning.wait.active'))[0]?.value === 1);
    const unfinished = await recorder.points('longrunning.operation.unfinished');
    expect(unfinished).toMatchObject([
      { attributes: { ...method, 'longrunning.state': 'running' }, value: 1 },
    ]);
    await manual.advance(1);
    await overGrpc.operations.cancelOperation({ name });
    await waiting;
    await overGrpc.exportReport();
    const exported = (await recorder.metrics()).map(({ name, kind, unit }) => [name, kind, unit]);
    const defined = Object.values(METRICS);
    expect(exported.sort()).toEqual(defined.map(({ name, kind, unit }) => [name, kind, unit]).sort());
    for (const { name, attributes } of defined) {
      const known: readonly string[] = attributes;
      for (const point of await recorder.points(name)) {
        expect(known).toEqual(expect.arrayContaining(Object.keys(point.attributes)));
      }
    }
    const attributesOf = (attributes: readonly string[]) => attributes.join(', ') || '–';
    expect(documented()).toEqual(
      defined.map(({ name, kind, unit, attributes }) => [name, kind, unit, attributesOf(attributes)]),
    );
  });

  it('of calls have the names of the semantic conventions', async () => {
    const { metric, overGrpc } = await start();
    await expect(overGrpc.operations.getOperation({ name: 'operations/none' })).rejects.toThrow();
    expect(METRICS.callDuration.name).toBe(METRIC_RPC_SERVER_CALL_DURATION);
    expect(METRICS.callDuration.attributes).toEqual([
      ATTR_RPC_SYSTEM_NAME,
      ATTR_RPC_METHOD,
      ATTR_RPC_STATUS_CODE,
      ATTR_ERROR_TYPE,
    ]);
    expect(await metric('callDuration')).toMatchObject([
      {
        attributes: {
          [ATTR_RPC_SYSTEM_NAME]: 'grpc',
          [ATTR_RPC_METHOD]: 'google.longrunning.Operations/GetOperation',
          [ATTR_RPC_STATUS_CODE]: 'NOT_FOUND',
        },
        value: 1,
      },
    ]);
  });

  it('report how long operations were queued, took, and needed for cancellation', async () => {
    const { metric, manual, inProcess, exports } = await start({ maxRunning: 1, onAbort: 'ignore' });
    const first = await inProcess.exportReport();
    const run = await exports.on(first.name);
    const second = await inProcess.exportReport();
    expect(await metric('unfinished')).toMatchObject([
      { attributes: { ...method, 'longrunning.state': 'running' }, value: 1 },
      { attributes: { ...method, 'longrunning.state': 'queued' }, value: 1 },
    ]);
    expect(await metric('runs')).toMatchObject([{ attributes: method, value: 1 }]);
    await manual.advance(3000);
    await inProcess.operations.cancelOperation({ name: first.name });
    const states = async () =>
      (await metric('unfinished')).map(({ attributes, value }) => [attributes['longrunning.state'], value]);
    expect(await states()).toEqual([
      ['running', 0],
      ['queued', 1],
      ['cancelling', 1],
    ]);
    await manual.advance(2000);
    run.succeed();
    (await exports.on(second.name)).succeed();
    await inProcess.operations.waitOperation({ name: second.name });
    expect(await metric('queueDuration')).toMatchObject([{ attributes: method, value: 2, sum: 5 }]);
    const succeeded = { ...method, 'longrunning.ending': 'succeeded' };
    expect(await metric('operationDuration')).toMatchObject([{ attributes: succeeded, value: 2, sum: 10 }]);
    expect(await metric('cancelDuration')).toMatchObject([{ attributes: succeeded, value: 1, sum: 2 }]);
    await eventually(async () => (await metric('runDuration'))[0]?.value === 2);
    expect(await metric('runs')).toMatchObject([{ attributes: method, value: 0 }]);
    expect(await states()).toEqual([
      ['running', 0],
      ['queued', 0],
      ['cancelling', 0],
    ]);
  });

  it('count an operation that was done immediately, and one that was cancelled before it started', async () => {
    const onStart = ({ title }: { title: string }) => (title === 'known' ? { uri: 'kept' } : undefined);
    const { metric, inProcess, exports } = await start({ maxRunning: 1, exportReport: { onStart } });
    await inProcess.exportReport({ title: 'known' });
    await exports.on((await inProcess.exportReport()).name);
    const { name } = await inProcess.exportReport();
    await inProcess.operations.cancelOperation({ name });
    expect(await metric('operationDuration')).toMatchObject([
      { attributes: { ...method, 'longrunning.ending': 'succeeded' }, value: 1 },
      { attributes: { ...method, 'longrunning.ending': 'cancelled' }, value: 1 },
    ]);
    expect(await metric('cancelDuration')).toMatchObject([
      { attributes: { ...method, 'longrunning.ending': 'cancelled' }, value: 1, sum: 0 },
    ]);
  });

  it('time the store, verb by verb, and its errors by their code', async () => {
    const away = new StatusError(Code.UNAVAILABLE, 'away');
    const store = aroundStore(memoryStore(), ({ method: verb }, proceed) =>
      verb === 'list' ? Promise.reject(away) : proceed(),
    );
    const { metric, inProcess } = await start({ store });
    await inProcess.exportReport();
    await expect(inProcess.operations.listOperations({ name: PARENT })).rejects.toBe(away);
    const points = await metric('storeDuration');
    expect(points).toContainEqual(
      expect.objectContaining({ attributes: { 'longrunning.store.verb': 'create' }, value: 1 }),
    );
    expect(points).toContainEqual(
      expect.objectContaining({
        attributes: { 'longrunning.store.verb': 'list', 'error.type': 'UNAVAILABLE' },
      }),
    );
  });

  it('of a store that cannot count, or is unavailable, lack only the unfinished operations', async () => {
    const store = aroundStore(memoryStore(), ({ method: verb }, proceed) =>
      verb === 'countUnfinished' ? Promise.reject(new Error('away')) : proceed(),
    );
    const { metric, inProcess } = await start({ store });
    await inProcess.exportReport();
    expect(await metric('unfinished')).toEqual([]);
    expect(await metric('storeDuration')).not.toEqual([]);
    const { countUnfinished, ...uncounted } = aroundStore(memoryStore(), (_, proceed) => proceed());
    const other = await start({ store: uncounted });
    await other.inProcess.exportReport();
    expect(await other.metric('unfinished')).toEqual([]);
  });

  it('are no longer collected once the server is closed', async () => {
    const { recorder, kit, manual } = await start();
    const closed = kit.close({ graceMs: 0 });
    await manual.advance(0);
    await closed;
    const before = await recorder.points(METRICS.storeDuration.name);
    await recorder.metrics();
    expect(await recorder.points(METRICS.storeDuration.name)).toEqual(before);
  });
});
