import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { ListOperationsResponse } from '../../generated/google/longrunning/operations.js';
import { Code } from '../core/status.js';
import { expectKitError } from './kit-error.js';
import { line, type Open, type Topic } from './line.js';
import { pagesOf, start } from './listing.js';
import { PARENT } from './reports-server.js';

/** How ListOperations goes on from page to page. */
export const pages: Topic<Open> = {
  name: 'list',
  lines: [
    line('page_size 0: the default of 50', [26], async (open) => {
      const server = await open({ concurrency: 1 });
      const names = await start(server, 51);
      deepEqual(await pagesOf(server), [names.slice(0, 50), names.slice(50)]);
    }),

    line('page_size over the maximum: coerced', [26], async (open) => {
      const server = await open({ maxPageSize: 3, defaultPageSize: 2 });
      const names = await start(server, 5);
      deepEqual(await pagesOf(server, { pageSize: 2 ** 31 - 1 }), [names.slice(0, 3), names.slice(3)]);
      equal((await pagesOf(server))[0]?.length, 2);
    }),

    line('the maximum is 1000 unless said otherwise', [26], async (open) => {
      const server = await open({ exportReport: { accept: () => ({}) } });
      // A few at a time: a store may refuse a crowd that would wait too long for its connections.
      for (let started = 0; started < 1001; started += 13) {
        await Promise.all(Array.from({ length: 13 }, () => server.inProcess.exportReport()));
      }
      const sizes = (await pagesOf(server, { pageSize: 5000 })).map((page) => page.length);
      deepEqual(sizes, [1000, 1]);
    }),

    line('negative page_size: INVALID_ARGUMENT', [26, 32], async (open) => {
      const server = await open();
      for (const pageSize of [-1, -(2 ** 31)]) {
        const refused = server.operations.listOperations({ name: PARENT, pageSize });
        await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'page_size' });
      }
    }),

    line('next_page_token is empty exactly at the end, and URL-safe before', [27], async (open) => {
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

    line('a changed page size is fine', [27], async (open) => {
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

    line('a token used again answers the same page', [27], async (open) => {
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

    line('a page ends within maxPageBytes, and the next goes on there', [27, 28, 51], async (open) => {
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
    }),

    line('an operation larger than maxPageBytes has a page to itself', [27, 51], async (open) => {
      const server = await open({ maxPageBytes: 1 });
      const names = await start(server, 3);
      deepEqual(
        await pagesOf(server),
        names.map((name) => [name]),
      );
    }),

    line('damaged, truncated or foreign token: INVALID_ARGUMENT', [27, 32], async (open) => {
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

    line('token for another parent or filter: INVALID_ARGUMENT', [27, 32], async (open) => {
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

    line(
      'pages hold what exists all along exactly once, whatever is inserted and deleted',
      [28],
      async (open) => {
        const server = await open({ concurrency: 1 });
        const names = await start(server, 30);
        const doomed = names.filter((_name, index) => index % 3 === 0);
        const kept = names.filter((name) => !doomed.includes(name));
        const found = await pagesOf(server, { pageSize: 4 }, async () => {
          await start(server, 2);
          // From both ends: what was told of already and what is still to come.
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

    line(
      'a page goes on where the one before ended though its last operation was deleted',
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
