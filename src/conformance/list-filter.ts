import { deepEqual, equal } from 'node:assert/strict';
import { Code, StatusError } from '../core/status.js';
import { expectKitError } from './kit-error.js';
import { PARENT } from './reports-server.js';
import { type Open, type Subject, type Topic, testCase } from './test-case.js';

/** Names of operations in every state. */
interface Operations {
  readonly failed: string;
  readonly succeeded: string;
  readonly cancelled: string;
  readonly running: string;
  readonly purging: string;
}

/** Creates the operations one second apart. The first was created at `at`. */
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

/** Returns a function that lists the states of the operations matching a filter, oldest first. */
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

/** Invalid filters, and the column that the error reports. */
const WRONG: readonly (readonly [string, number])[] = [
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
];

/** Operations that match a filter of ListOperations. */
export const listFilter: Topic<Open> = {
  name: 'list › filter',
  cases: [
    testCase('by name, state and error', [29], async (open) => {
      const server = await open();
      const { find, named } = await finder(server);
      const all = Object.keys(named);
      deepEqual(await find(''), all);
      deepEqual(await find(' done = true '), ['failed', 'succeeded', 'cancelled']);
      deepEqual(await find('done=false'), ['running', 'purging']);
      deepEqual(await find('done != true'), ['running', 'purging']);
      deepEqual(await find(`name = "${named.running}"`), ['running']);
      deepEqual(await find(`name = (${named.running} OR ${named.failed})`), ['failed', 'running']);
      deepEqual(
        await find(`name = "${PARENT}/operations/*" AND name != "*${named.failed.slice(-8)}"`),
        all.slice(1),
      );
      deepEqual(await find('error.code = CANCELLED'), ['cancelled']);
      deepEqual(await find('error.code > 1'), ['failed']);
      deepEqual(await find('error.code != 5'), ['cancelled']);
      deepEqual(await find('NOT error.code = 5'), ['succeeded', 'cancelled', 'running', 'purging']);
      deepEqual(await find('error.message = "no such*"'), ['failed']);
      deepEqual(await find('error:*'), ['failed', 'cancelled']);
    }),

    testCase('by time', [29], async (open) => {
      const server = await open();
      const { find, at } = await finder(server);
      deepEqual(await find(`create_time < "${at(2)}"`), ['failed', 'succeeded']);
      deepEqual(await find(`createTime >= ${at(2)} AND create_time <= ${at(3)}`), ['cancelled', 'running']);
      deepEqual(await find(`create_time = ${at(1)}`), ['succeeded']);
      deepEqual(await find(`end_time >= ${at(0)}`), ['failed', 'succeeded', 'cancelled']);
      deepEqual(await find(`end_time != ${at(0)}`), ['failed', 'succeeded', 'cancelled']);
      deepEqual(await find('-end_time:*'), ['running', 'purging']);
    }),

    testCase('by metadata and response', [29], async (open) => {
      const server = await open();
      const { find, at } = await finder(server);
      deepEqual(await find('metadata.progress_percent >= 40'), ['succeeded', 'running']);
      deepEqual(await find('metadata.progressPercent = 0'), ['failed', 'cancelled', 'purging']);
      deepEqual(await find('metadata.cancel_requested = true'), ['cancelled']);
      deepEqual(await find(`metadata.create_time > ${at(2.5)} metadata.end_time:*`), []);
      deepEqual(await find(`metadata.create_time > ${at(2.5)} -metadata.end_time:*`), ['running', 'purging']);
      equal(
        (await find('metadata.@type = "type.googleapis.com/example.reports.v1.ReportMetadata"')).length,
        5,
      );
      deepEqual(await find('response.uri = "https://*"'), ['succeeded']);
      deepEqual(await find('response.row_count = 12'), ['succeeded']);
      deepEqual(await find('response.row_count != 0'), ['succeeded']);
      deepEqual(await find('response.@type = "*/example.reports.v1.ExportReportResponse"'), ['succeeded']);
      deepEqual(await find('response:*'), ['succeeded']);
    }),

    testCase('OR binds tighter than AND, and juxtaposition means AND', [29], async (open) => {
      const server = await open();
      const { find } = await finder(server);
      deepEqual(await find('done = true AND error.code = 1 OR error.code = 5'), ['failed', 'cancelled']);
      deepEqual(await find('error.code = 1 OR done = false AND metadata.progress_percent = 0'), [
        'cancelled',
        'purging',
      ]);
      deepEqual(await find('done = false -metadata.progress_percent = 0'), ['running']);
      deepEqual(await find('NOT (done = true OR metadata.progress_percent = 40)'), ['purging']);
    }),

    testCase('pages contain all matches exactly once', [28, 29], async (open) => {
      const server = await open();
      const { named } = await finder(server);
      const request = { name: PARENT, filter: 'metadata.progress_percent < 50', pageSize: 1 };
      const found: string[] = [];
      for (let pageToken = ''; ; ) {
        const page = await server.operations.listOperations({ ...request, pageToken });
        found.push(...page.operations.map(({ name }) => name));
        pageToken = page.nextPageToken;
        if (pageToken === '') break;
      }
      deepEqual(found, [named.purging, named.running, named.cancelled, named.failed]);
    }),

    ...WRONG.map(([filter, column]) =>
      testCase<Open>(`${filter}: INVALID_ARGUMENT that names the column`, [29, 32], async (open) => {
        const server = await open();
        const refused = server.operations.listOperations({ name: PARENT, filter });
        const message = new RegExp(`^filter is wrong at column ${column}, .+: .+`);
        await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'filter', message });
      }),
    ),

    testCase('a filter of a megabyte or of 100,000 parentheses: INVALID_ARGUMENT', [29, 32], async (open) => {
      const server = await open();
      for (const filter of ['x'.repeat(2 ** 20), '('.repeat(100_000)]) {
        const refused = server.operations.listOperations({ name: PARENT, filter });
        await expectKitError(refused, Code.INVALID_ARGUMENT, {
          field: 'filter',
          message: /too long; shorten it/,
        });
      }
    }),
  ],
};
