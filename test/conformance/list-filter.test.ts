import { expect, it } from '@jest/globals';
import { Code, StatusError } from '../../src/status.js';
import { expectKitError } from '../helpers/rejection.js';
import { PARENT } from '../helpers/reports-server.js';
import { onEveryServer, type Subject } from './every-server.js';

/** Names of operations in every state there is. */
interface Operations {
  readonly failed: string;
  readonly succeeded: string;
  readonly cancelled: string;
  readonly running: string;
  readonly purging: string;
}

/** Makes one operation after another, a second apart; the first was created `at` then. */
async function makeOperations(server: Subject): Promise<Operations & { readonly at: number }> {
  const at = server.manual.now();
  const { operations, exports, manual } = server;
  const start = async () => {
    const { name } = await server.exportReport();
    const run = await exports.on(name);
    await manual.advance(1000);
    return { name, run };
  };
  const failed = await start();
  const succeeded = await start();
  const cancelled = await start();
  const running = await start();
  const purging = await server.purgeReports();
  failed.run.fail(new StatusError(Code.NOT_FOUND, 'no such report: ask for another'));
  await operations.waitOperation({ name: failed.name });
  await succeeded.run.context.update({ progressPercent: 100 });
  succeeded.run.succeed({ uri: 'https://reports/1', rowCount: 12 });
  await operations.waitOperation({ name: succeeded.name });
  await operations.cancelOperation({ name: cancelled.name });
  await operations.waitOperation({ name: cancelled.name });
  await running.run.context.update({ progressPercent: 40 });
  return {
    at,
    failed: failed.name,
    succeeded: succeeded.name,
    cancelled: cancelled.name,
    running: running.name,
    purging: purging.name,
  };
}

/** The states of the operations that a filter lets through, oldest first. */
async function finder(server: Subject): Promise<{
  readonly at: (seconds: number) => string;
  readonly named: Operations;
  readonly find: (filter: string) => Promise<string[]>;
}> {
  const { at, ...named } = await makeOperations(server);
  const states = new Map(Object.entries(named).map(([state, name]) => [name, state]));
  return {
    at: (seconds) => new Date(at + seconds * 1000).toISOString(),
    named,
    async find(filter) {
      const { operations } = await server.operations.listOperations({ name: PARENT, filter });
      return operations.map(({ name }) => states.get(name) ?? name).reverse();
    },
  };
}

onEveryServer('list › filter', (open) => {
  it('by name, state and error (contract 29)', async () => {
    await using server = await open();
    const { find, named } = await finder(server);
    const all = Object.keys(named);
    expect(await find('')).toEqual(all);
    expect(await find(' done = true ')).toEqual(['failed', 'succeeded', 'cancelled']);
    expect(await find('done=false')).toEqual(['running', 'purging']);
    expect(await find('done != true')).toEqual(['running', 'purging']);
    expect(await find(`name = "${named.running}"`)).toEqual(['running']);
    expect(await find(`name = (${named.running} OR ${named.failed})`)).toEqual(['failed', 'running']);
    expect(await find(`name = "${PARENT}/operations/*" AND name != "*${named.failed.slice(-8)}"`)).toEqual(
      all.slice(1),
    );
    expect(await find('error.code = CANCELLED')).toEqual(['cancelled']);
    expect(await find('error.code > 1')).toEqual(['failed']);
    expect(await find('error.code != 5')).toEqual(['cancelled']);
    expect(await find('NOT error.code = 5')).toEqual(['succeeded', 'cancelled', 'running', 'purging']);
    expect(await find('error.message = "no such*"')).toEqual(['failed']);
    expect(await find('error:*')).toEqual(['failed', 'cancelled']);
  });

  it('by time (contract 29)', async () => {
    await using server = await open();
    const { find, at } = await finder(server);
    expect(await find(`create_time < "${at(2)}"`)).toEqual(['failed', 'succeeded']);
    expect(await find(`createTime >= ${at(2)} AND create_time <= ${at(3)}`)).toEqual([
      'cancelled',
      'running',
    ]);
    expect(await find(`create_time = ${at(1)}`)).toEqual(['succeeded']);
    expect(await find(`end_time >= ${at(0)}`)).toEqual(['failed', 'succeeded', 'cancelled']);
    expect(await find(`end_time != ${at(0)}`)).toEqual(['failed', 'succeeded', 'cancelled']);
    expect(await find('-end_time:*')).toEqual(['running', 'purging']);
  });

  it('by metadata and response (contract 29)', async () => {
    await using server = await open();
    const { find, at } = await finder(server);
    expect(await find('metadata.progress_percent >= 40')).toEqual(['succeeded', 'running']);
    expect(await find('metadata.progressPercent = 0')).toEqual(['failed', 'cancelled', 'purging']);
    expect(await find('metadata.cancel_requested = true')).toEqual(['cancelled']);
    expect(await find(`metadata.create_time > ${at(2.5)} metadata.end_time:*`)).toEqual([]);
    expect(await find(`metadata.create_time > ${at(2.5)} -metadata.end_time:*`)).toEqual([
      'running',
      'purging',
    ]);
    expect(
      await find('metadata.@type = "type.googleapis.com/example.reports.v1.ReportMetadata"'),
    ).toHaveLength(5);
    expect(await find('response.uri = "https://*"')).toEqual(['succeeded']);
    expect(await find('response.row_count = 12')).toEqual(['succeeded']);
    expect(await find('response.row_count != 0')).toEqual(['succeeded']);
    expect(await find('response.@type = "*/example.reports.v1.ExportReportResponse"')).toEqual(['succeeded']);
    expect(await find('response:*')).toEqual(['succeeded']);
  });

  it('OR binds tighter than AND, and side by side means AND (contract 29)', async () => {
    await using server = await open();
    const { find } = await finder(server);
    expect(await find('done = true AND error.code = 1 OR error.code = 5')).toEqual(['failed', 'cancelled']);
    expect(await find('error.code = 1 OR done = false AND metadata.progress_percent = 0')).toEqual([
      'cancelled',
      'purging',
    ]);
    expect(await find('done = false -metadata.progress_percent = 0')).toEqual(['running']);
    expect(await find('NOT (done = true OR metadata.progress_percent = 40)')).toEqual(['purging']);
  });

  it('pages hold all that match, exactly once (contract 28, 29)', async () => {
    await using server = await open();
    const { named } = await finder(server);
    const request = { name: PARENT, filter: 'metadata.progress_percent < 50', pageSize: 1 };
    const found: string[] = [];
    for (let pageToken = ''; ; ) {
      const page = await server.operations.listOperations({ ...request, pageToken });
      found.push(...page.operations.map(({ name }) => name));
      pageToken = page.nextPageToken;
      if (pageToken === '') break;
    }
    expect(found).toEqual([named.purging, named.running, named.cancelled, named.failed]);
  });

  it.each([
    ['done', 1],
    ['progress = 5', 1],
    ['metadata.progres_percent = 5', 10],
    ['response.size = 5', 10],
    ['done = maybe', 8],
    ['create_time > yesterday', 15],
    ['metadata.progress_percent = "a lot"', 29],
    ['done < true', 6],
    ['error.code = 1*', 14],
    ['(done = true', 13],
    ['done = true) OR (', 12],
    ['name = "x', 8],
    ['regex(name)', 1],
  ])('%s: INVALID_ARGUMENT that names the column (contract 29, 32)', async (filter, column) => {
    await using server = await open();
    const refused = server.operations.listOperations({ name: PARENT, filter });
    const message = new RegExp(`^filter is wrong at column ${column}, .+: .+`);
    await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'filter', message });
  });

  it('a filter of a megabyte or of 100,000 parentheses: INVALID_ARGUMENT (contract 29, 32)', async () => {
    await using server = await open();
    for (const filter of ['x'.repeat(2 ** 20), '('.repeat(100_000)]) {
      const refused = server.operations.listOperations({ name: PARENT, filter });
      await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'filter', message: /too long; ask/ });
    }
  });
});
