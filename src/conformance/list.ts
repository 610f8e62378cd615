import { deepEqual, equal, match, ok } from 'node:assert/strict';
import {
  type ListOperationsRequest,
  ListOperationsResponse,
} from '../../generated/google/longrunning/operations.js';
import type { NamedRequest } from '../core/operations-api.js';
import { Code } from '../core/status.js';
import { expectKitError } from './kit-error.js';
import { assertSameOperation } from './messages.js';
import { PARENT } from './reports-server.js';
import { type Open, type Subject, type Topic, testCase } from './test-case.js';

async function listed(server: Subject, request: NamedRequest<ListOperationsRequest>): Promise<string[]> {
  return (await pagesOf(server, request)).flat();
}

/** Operations that ListOperations returns. */
export const list: Topic<Open> = {
  name: 'list',
  cases: [
    testCase('nothing starts under a wildcard', [25], async (open) => {
      const server = await open();
      const started = server.exportReport({ parent: 'projects/-/locations/l' });
      await expectKitError(started, Code.INVALID_ARGUMENT, { field: 'parent', message: /wildcard/ });
    }),

    testCase('newest first, of exactly that parent', [25], async (open) => {
      const server = await open();
      const mine = await start(server, 3);
      await start(server, 1, `${PARENT}x`);
      await start(server, 1, 'projects/p');
      await start(server, 1, `${PARENT}/shelves/s`);
      const plain = await start(server, 2, '');
      deepEqual(await listed(server, { name: PARENT }), mine);
      deepEqual(await listed(server, { name: '' }), plain);
      deepEqual(await listed(server, { name: 'operations' }), plain);
    }),

    testCase('complete operations, as Get returns them', [25], async (open) => {
      const server = await open();
      const [name = ''] = await start(server, 1);
      (await server.exports.on(name)).succeed({ uri: 'here' });
      const ended = await server.operations.waitOperation({ name });
      const { operations, ...page } = await server.operations.listOperations({ name: PARENT });
      deepEqual(page, { nextPageToken: '', unreachable: [] });
      equal(operations.length, 1);
      for (const operation of operations) assertSameOperation(operation, ended);
    }),

    testCase('"-" stands for any one segment, newest first across parents', [25], async (open) => {
      const server = await open();
      const [first = ''] = await start(server, 1, 'projects/a/locations/x');
      const [second = ''] = await start(server, 1, 'projects/b/locations/x');
      const [third = ''] = await start(server, 1, 'projects/a/locations/y');
      await start(server, 1, 'projects/a');
      await start(server, 1, 'projects/a/locations/x/shelves/s');
      deepEqual(await listed(server, { name: 'projects/-/locations/-' }), [third, second, first]);
      deepEqual(await listed(server, { name: 'projects/a/locations/-' }), [third, first]);
      deepEqual(await listed(server, { name: 'projects/-/locations/x' }), [second, first]);
      equal((await listed(server, { name: 'projects/-/locations/-', pageSize: 1 })).length, 3);
      equal((await listed(server, { name: '-/-' })).length, 1);
      deepEqual(await listed(server, { name: 'projects/a-/locations/-' }), []);
    }),

    testCase('a parent is literal text, not a pattern of a query language', [25], async (open) => {
      const server = await open();
      const odd = [
        "projects/o'hara",
        'projects/100%',
        'projects/a_b',
        'projects/*',
        'projects/a\\b',
        'projects/"q"',
      ];
      await start(server, 1, 'projects/axb');
      await start(server, 1, 'projects/1000');
      for (const parent of odd) {
        const mine = await start(server, 1, parent);
        deepEqual(await listed(server, { name: parent }), mine);
      }
      deepEqual(await listed(server, { name: 'projects/_' }), []);
      deepEqual(await listed(server, { name: 'projects/%' }), []);
      equal((await listed(server, { name: 'projects/-' })).length, odd.length + 2);
    }),

    testCase('return_partial_success: UNIMPLEMENTED', [30, 32], async (open) => {
      const server = await open();
      const refused = server.operations.listOperations({ name: PARENT, returnPartialSuccess: true });
      await expectKitError(refused, Code.UNIMPLEMENTED);
      await server.operations.listOperations({ name: PARENT, returnPartialSuccess: false });
    }),
  ],
};

/** Pagination of ListOperations. */
export const pages: Topic<Open> = {
  name: 'list',
  cases: [
    testCase('page_size 0: the default of 50', [26], async (open) => {
      const server = await open({ maxRunning: 1 });
      const names = await start(server, 51);
      deepEqual(await pagesOf(server), [names.slice(0, 50), names.slice(50)]);
    }),

    testCase('page_size over the maximum: coerced', [26], async (open) => {
      const server = await open({ maxPageSize: 3, defaultPageSize: 2 });
      const names = await start(server, 5);
      deepEqual(await pagesOf(server, { pageSize: 2 ** 31 - 1 }), [names.slice(0, 3), names.slice(3)]);
      equal((await pagesOf(server))[0]?.length, 2);
    }),

    testCase('the maximum is 1000 by default', [26], async (open) => {
      const server = await open({ exportReport: { onStart: () => ({}) } });
      // A few at a time: a store may reject calls that wait too long for its connections.
      for (let started = 0; started < 1001; started += 13) {
        await Promise.all(Array.from({ length: 13 }, () => server.inProcess.exportReport()));
      }
      const sizes = (await pagesOf(server, { pageSize: 5000 })).map((page) => page.length);
      deepEqual(sizes, [1000, 1]);
    }),

    testCase('negative page_size: INVALID_ARGUMENT', [26, 32], async (open) => {
      const server = await open();
      for (const pageSize of [-1, -(2 ** 31)]) {
        const refused = server.operations.listOperations({ name: PARENT, pageSize });
        await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'page_size' });
      }
    }),

    testCase('next_page_token is empty exactly at the end, and URL-safe before', [27], async (open) => {
      const server = await open();
      const names = await start(server, 4);
      for (const pageSize of [1, 2, 3, 4, 5]) {
        deepEqual(
          (await pagesOf(server, { pageSize })).map((page) => page.length),
          Array.from({ length: Math.ceil(4 / pageSize) }, (_, page) =>
            Math.min(pageSize, 4 - page * pageSize),
          ),
        );
      }
      const { nextPageToken } = await server.operations.listOperations({ name: PARENT, pageSize: 1 });
      match(nextPageToken, /^[A-Za-z0-9_-]+$/);
      for (const name of names) ok(!nextPageToken.includes(name.slice(-32)));
      deepEqual(await pagesOf(server, { name: 'projects/none' }), [[]]);
    }),

    testCase('a changed page size is fine', [27], async (open) => {
      const server = await open();
      const names = await start(server, 6);
      const first = await server.operations.listOperations({ name: PARENT, pageSize: 1 });
      const pageToken = first.nextPageToken;
      const second = await server.operations.listOperations({ name: PARENT, pageSize: 4, pageToken });
      deepEqual(
        second.operations.map(({ name }) => name),
        names.slice(1, 5),
      );
    }),

    testCase('a reused token returns the same page', [27], async (open) => {
      const server = await open();
      await start(server, 3);
      const first = await server.operations.listOperations({ name: PARENT, pageSize: 1 });
      const request = { name: PARENT, pageSize: 1, pageToken: first.nextPageToken };
      const once = await server.operations.listOperations(request);
      const again = await server.operations.listOperations(request);
      deepEqual(
        again.operations.map(({ name }) => name),
        once.operations.map(({ name }) => name),
      );
      equal(again.nextPageToken, once.nextPageToken);
    }),

    testCase(
      'a page ends within maxPageBytes, and the next one continues there',
      [27, 28, 51],
      async (open) => {
        const maxPageBytes = 1000;
        const server = await open({ maxPageBytes });
        const names = await start(server, 20);
        const found: string[][] = [];
        for (let pageToken = ''; ; ) {
          const page = await server.operations.listOperations({ name: PARENT, pageToken });
          ok(ListOperationsResponse.encode({ ...page, nextPageToken: '' }).finish().length <= maxPageBytes);
          found.push(page.operations.map(({ name }) => name));
          pageToken = page.nextPageToken;
          if (pageToken === '') break;
        }
        deepEqual(found.flat(), names);
        ok(found.length > 1 && found.length < names.length);
      },
    ),

    testCase('an operation larger than maxPageBytes has a page to itself', [27, 51], async (open) => {
      const server = await open({ maxPageBytes: 1 });
      const names = await start(server, 3);
      deepEqual(
        await pagesOf(server),
        names.map((name) => [name]),
      );
    }),

    testCase('damaged, truncated or foreign token: INVALID_ARGUMENT', [27, 32], async (open) => {
      const server = await open();
      const foreign = await open();
      await Promise.all([start(server, 3), start(foreign, 3)]);
      const request = { name: PARENT, pageSize: 1 };
      const { nextPageToken: good } = await server.operations.listOperations(request);
      const { nextPageToken: strange } = await foreign.operations.listOperations(request);
      const flipped = `${good[0] === 'A' ? 'B' : 'A'}${good.slice(1)}`;
      const cut = [good.slice(0, -1), good.slice(1), flipped, strange];
      const grown = [`${good}=`, `${good}A`, good.repeat(2), ` ${good}`];
      for (const pageToken of [...cut, ...grown, '!', '1', ' ', 'null', 'x'.repeat(100_000)]) {
        const refused = server.operations.listOperations({ ...request, pageToken });
        await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'page_token' });
      }
      await server.operations.listOperations({ ...request, pageToken: good });
    }),

    testCase('token for another parent or filter: INVALID_ARGUMENT', [27, 32], async (open) => {
      const server = await open();
      await start(server, 3);
      await start(server, 3, 'projects/q');
      const request = { name: PARENT, pageSize: 1, filter: 'done = false' };
      const { nextPageToken: pageToken } = await server.operations.listOperations(request);
      for (const other of [
        { name: 'projects/q' },
        { name: 'projects/-/locations/-' },
        { name: '' },
        { filter: '' },
        { filter: 'done = true' },
      ]) {
        const refused = server.operations.listOperations({ ...request, pageToken, ...other });
        await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'page_token' });
      }
    }),

    testCase(
      'pages contain whatever exists throughout exactly once, despite insertions and deletions',
      [28],
      async (open) => {
        const server = await open({ maxRunning: 1 });
        const names = await start(server, 30);
        const doomed = names.filter((_name, index) => index % 3 === 0);
        const kept = names.filter((name) => !doomed.includes(name));
        const found = await pagesOf(server, { pageSize: 4 }, async () => {
          await start(server, 2);
          // From both ends: operations already listed, and operations not listed yet.
          for (const name of [doomed.shift(), doomed.pop()]) {
            if (name) await server.operations.deleteOperation({ name });
          }
        });
        const seen = found.flat();
        deepEqual(
          seen.filter((name) => kept.includes(name)),
          kept,
        );
        equal(new Set(seen).size, seen.length);
      },
    ),

    testCase(
      'a page continues where the previous one ended, even if its last operation was deleted',
      [28],
      async (open) => {
        const server = await open();
        const names = await start(server, 4);
        const first = await server.operations.listOperations({ name: PARENT, pageSize: 2 });
        await server.operations.deleteOperation({ name: names[1] ?? '' });
        const pageToken = first.nextPageToken;
        const second = await server.operations.listOperations({ name: PARENT, pageSize: 2, pageToken });
        deepEqual(
          second.operations.map(({ name }) => name),
          names.slice(2),
        );
      },
    ),
  ],
};

/** Starts `count` operations in sequence. Returns their names, newest first. */
async function start(server: Subject, count: number, parent = PARENT): Promise<string[]> {
  const names: string[] = [];
  for (let index = 0; index < count; index++) names.unshift((await server.exportReport({ parent })).name);
  return names;
}

/** Returns the names on each page, from first to last. `between` runs after each page. */
async function pagesOf(
  server: Subject,
  request: Partial<ListOperationsRequest> = {},
  between: () => Promise<unknown> = async () => {},
): Promise<string[][]> {
  const found: string[][] = [];
  for (let pageToken = ''; ; ) {
    const page = await server.operations.listOperations({ name: PARENT, ...request, pageToken });
    found.push(page.operations.map(({ name }) => name));
    pageToken = page.nextPageToken;
    if (pageToken === '') return found;
    await between();
  }
}
