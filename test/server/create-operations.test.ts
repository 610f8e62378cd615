import { describe, expect, it } from '@jest/globals';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { startReportsServer } from '../../src/conformance/reports-server.js';
import { createOperations, implement } from '../../src/server/index.js';
import { settled } from '../../src/testing/clock/manual-clock.js';

const exportReport = implement(ReportsOperations.exportReport, { run: () => ({}) });
const purgeReports = implement(ReportsOperations.purgeReports, { run: () => ({}) });

describe('createOperations', () => {
  it('rejects two implementations of one method', () => {
    expect(() => createOperations({ methods: [exportReport, exportReport] })).toThrow('implemented twice');
  });

  it.each(['maxRunning', 'retentionMs', 'defaultPageSize', 'maxPageSize', 'maxWaitMs'])(
    'rejects a limit that is not positive: %s',
    (option) => {
      for (const value of [0, -1, Number.NaN]) {
        expect(() => createOperations({ methods: [], [option]: value })).toThrow(
          `option ${option} is ${value}`,
        );
      }
    },
  );

  it('rejects serving or starting an unknown method', async () => {
    await using operations = createOperations({ methods: [exportReport] });
    expect(() => operations.starter(purgeReports)).toThrow('not served here');
    await expect(operations.start(purgeReports, { parent: '' })).rejects.toThrow('not served here');
  });

  it('runs at most `maxRunning` operations at once, in the order of their start (contract 17)', async () => {
    await using server = await startReportsServer({ maxRunning: 2 });
    const names: string[] = [];
    for (let count = 0; count < 5; count++) names.push((await server.inProcess.exportReport()).name);
    await settled();
    expect(server.exports.begun).toEqual(names.slice(0, 2));
    for (const [index, name] of names.entries()) {
      (await server.exports.on(name)).succeed();
      await settled();
      expect(server.exports.begun).toEqual(names.slice(0, index + 3));
    }
  });

  it('starts work only after the caller has received its name', async () => {
    const told: string[] = [];
    const begun: [string, boolean][] = [];
    const noted = implement(ReportsOperations.exportReport, {
      run(_request, { name }) {
        begun.push([name, told.includes(name)]);
        return {};
      },
    });
    await using operations = createOperations({ methods: [noted] });
    const start = async () => {
      const { name } = await operations.start(noted, { parent: 'projects/p' });
      told.push(name);
      await operations.api.waitOperation({ name });
    };
    // Some begin while others end.
    await Promise.all(Array.from({ length: 5 }, () => start().then(start)));
    expect(begun.sort()).toEqual(told.map((name) => [name, true]).sort());
  });

  it('passes headers of the starting call to onStart', async () => {
    const seen: unknown[] = [];
    const onStart = (_request: unknown, { headers }: { headers: Readonly<Record<string, string>> }) => {
      seen.push(headers['x-tenant']);
      return { uri: 'cached' };
    };
    await using server = await startReportsServer({ exportReport: { onStart } });
    await server.overGrpc.exportReport({}, { headers: { 'x-tenant': 'a' } });
    await server.inProcess.exportReport({}, { headers: { 'x-tenant': 'b' } });
    expect(seen).toEqual(['a', 'b']);
  });

  it('does not overwrite metadata fields that the implementation maintains', async () => {
    const ownMetadataFields = ['createTime', 'cancelRequested'];
    await using server = await startReportsServer({ onAbort: 'ignore', exportReport: { ownMetadataFields } });
    const { name, metadata } = await server.inProcess.exportReport();
    await server.exports.on(name);
    await server.inProcess.operations.cancelOperation({ name });
    const pending = await server.inProcess.operations.getOperation({ name });
    expect(pending.metadata).toEqual(metadata);
  });
});
