import { deepEqual, equal } from 'node:assert/strict';
import type { ListOperationsRequest } from '../../generated/google/longrunning/operations.js';
import type { NamedRequest } from '../core/operations-api.js';
import { Code } from '../core/status.js';
import { expectKitError } from './kit-error.js';
import { line, type Open, type Subject, type Topic } from './line.js';
import { pagesOf, start } from './listing.js';
import { assertSameOperation } from './messages.js';
import { PARENT } from './reports-server.js';

async function listed(server: Subject, request: NamedRequest<ListOperationsRequest>): Promise<string[]> {
  return (await pagesOf(server, request)).flat();
}

/** Which operations ListOperations finds. */
export const list: Topic<Open> = {
  name: 'list',
  lines: [
    line('nothing starts under a wildcard', [25], async (open) => {
      const server = await open();
      const started = server.exportReport({ parent: 'projects/-/locations/l' });
      await expectKitError(started, Code.INVALID_ARGUMENT, { field: 'parent', message: /wildcard/ });
    }),

    line('newest first, of the very parent and no other', [25], async (open) => {
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

    line('whole operations, as Get answers them', [25], async (open) => {
      const server = await open();
      const [name = ''] = await start(server, 1);
      (await server.exports.on(name)).succeed({ uri: 'here' });
      const ended = await server.operations.waitOperation({ name });
      const { operations, ...page } = await server.operations.listOperations({ name: PARENT });
      deepEqual(page, { nextPageToken: '', unreachable: [] });
      equal(operations.length, 1);
      for (const operation of operations) assertSameOperation(operation, ended);
    }),

    line('"-" stands for any one segment, newest first across parents', [25], async (open) => {
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

    line('a parent is text, and no pattern of any query language', [25], async (open) => {
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

    line('return_partial_success: UNIMPLEMENTED', [30, 32], async (open) => {
      const server = await open();
      const refused = server.operations.listOperations({ name: PARENT, returnPartialSuccess: true });
      await expectKitError(refused, Code.UNIMPLEMENTED);
      await server.operations.listOperations({ name: PARENT, returnPartialSuccess: false });
    }),
  ],
};
