import { expect, it } from '@jest/globals';
import type { ListOperationsRequest } from '../../generated/google/longrunning/operations.js';
import type { NamedRequest } from '../../src/operations-api.js';
import { Code } from '../../src/status.js';
import { expectKitError } from '../helpers/rejection.js';
import { PARENT } from '../helpers/reports-server.js';
import { onEveryServer, type Subject } from './every-server.js';

/** Starts so many, one after the other; their names, newest first. */
async function start(server: Subject, count: number, parent = PARENT): Promise<string[]> {
  const names: string[] = [];
  for (let index = 0; index < count; index++) names.unshift((await server.exportReport({ parent })).name);
  return names;
}

/** The names on each page, from the first to the last; `between` is run after each. */
async function pages(
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

async function listed(server: Subject, request: NamedRequest<ListOperationsRequest>): Promise<string[]> {
  return (await pages(server, request)).flat();
}

onEveryServer('list', (open) => {
  it('nothing starts under a wildcard (contract 25)', async () => {
    await using server = await open();
    const started = server.exportReport({ parent: 'projects/-/locations/l' });
    await expectKitError(started, Code.INVALID_ARGUMENT, { field: 'parent', message: /wildcard/ });
  });

  it('newest first, of the very parent and no other (contract 25)', async () => {
    await using server = await open();
    const mine = await start(server, 3);
    await start(server, 1, `${PARENT}x`);
    await start(server, 1, 'projects/p');
    await start(server, 1, `${PARENT}/shelves/s`);
    const plain = await start(server, 2, '');
    expect(await listed(server, { name: PARENT })).toEqual(mine);
    expect(await listed(server, { name: '' })).toEqual(plain);
    expect(await listed(server, { name: 'operations' })).toEqual(plain);
  });

  it('whole operations, as Get answers them (contract 25)', async () => {
    await using server = await open();
    const [name = ''] = await start(server, 1);
    (await server.exports.on(name)).succeed({ uri: 'here' });
    const ended = await server.operations.waitOperation({ name });
    const page = await server.operations.listOperations({ name: PARENT });
    expect(page).toEqual({ operations: [ended], nextPageToken: '', unreachable: [] });
  });

  it('"-" stands for any one segment, newest first across parents (contract 25)', async () => {
    await using server = await open();
    const [first = ''] = await start(server, 1, 'projects/a/locations/x');
    const [second = ''] = await start(server, 1, 'projects/b/locations/x');
    const [third = ''] = await start(server, 1, 'projects/a/locations/y');
    await start(server, 1, 'projects/a');
    await start(server, 1, 'projects/a/locations/x/shelves/s');
    expect(await listed(server, { name: 'projects/-/locations/-' })).toEqual([third, second, first]);
    expect(await listed(server, { name: 'projects/a/locations/-' })).toEqual([third, first]);
    expect(await listed(server, { name: 'projects/-/locations/x' })).toEqual([second, first]);
    expect(await listed(server, { name: 'projects/-/locations/-', pageSize: 1 })).toHaveLength(3);
    expect(await listed(server, { name: '-/-' })).toHaveLength(1);
    expect(await listed(server, { name: 'projects/a-/locations/-' })).toEqual([]);
  });

  it('page_size 0: the default of 50 (contract 26)', async () => {
    await using server = await open({ concurrency: 1 });
    const names = await start(server, 51);
    expect(await pages(server)).toEqual([names.slice(0, 50), names.slice(50)]);
  });

  it('page_size over the maximum: coerced (contract 26)', async () => {
    await using server = await open({ maxPageSize: 3, defaultPageSize: 2 });
    const names = await start(server, 5);
    expect(await pages(server, { pageSize: 2 ** 31 - 1 })).toEqual([names.slice(0, 3), names.slice(3)]);
    expect((await pages(server))[0]).toHaveLength(2);
  });

  it('the maximum is 1000 unless said otherwise (contract 26)', async () => {
    await using server = await open({ exportReport: { accept: () => ({}) } });
    await Promise.all(Array.from({ length: 1001 }, () => server.inProcess.exportReport()));
    const sizes = (await pages(server, { pageSize: 5000 })).map((page) => page.length);
    expect(sizes).toEqual([1000, 1]);
  });

  it('negative page_size: INVALID_ARGUMENT (contract 26, 32)', async () => {
    await using server = await open();
    for (const pageSize of [-1, -(2 ** 31)]) {
      const refused = server.operations.listOperations({ name: PARENT, pageSize });
      await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'page_size' });
    }
  });

  it('next_page_token is empty exactly at the end, and URL-safe before (contract 27)', async () => {
    await using server = await open();
    const names = await start(server, 4);
    for (const pageSize of [1, 2, 3, 4, 5]) {
      expect((await pages(server, { pageSize })).map((page) => page.length)).toEqual(
        Array.from({ length: Math.ceil(4 / pageSize) }, (_, page) => Math.min(pageSize, 4 - page * pageSize)),
      );
    }
    const { nextPageToken } = await server.operations.listOperations({ name: PARENT, pageSize: 1 });
    expect(nextPageToken).toMatch(/^[A-Za-z0-9_-]+$/);
    for (const name of names) expect(nextPageToken).not.toContain(name.slice(-32));
    expect(await pages(server, { name: 'projects/none' })).toEqual([[]]);
  });

  it('a changed page size is fine (contract 27)', async () => {
    await using server = await open();
    const names = await start(server, 6);
    const first = await server.operations.listOperations({ name: PARENT, pageSize: 1 });
    const pageToken = first.nextPageToken;
    const second = await server.operations.listOperations({ name: PARENT, pageSize: 4, pageToken });
    expect(second.operations.map(({ name }) => name)).toEqual(names.slice(1, 5));
  });

  it('a token used again answers the same page (contract 27)', async () => {
    await using server = await open();
    await start(server, 3);
    const { nextPageToken: pageToken } = await server.operations.listOperations({
      name: PARENT,
      pageSize: 1,
    });
    const request = { name: PARENT, pageSize: 1, pageToken };
    const once = await server.operations.listOperations(request);
    expect(await server.operations.listOperations(request)).toEqual(once);
  });

  it('damaged, truncated or foreign token: INVALID_ARGUMENT (contract 27, 32)', async () => {
    await using server = await open();
    await using foreign = await open();
    await Promise.all([start(server, 3), start(foreign, 3)]);
    const request = { name: PARENT, pageSize: 1 };
    const { nextPageToken: good } = await server.operations.listOperations(request);
    const { nextPageToken: strange } = await foreign.operations.listOperations(request);
    const flipped = `${good[0] === 'A' ? 'B' : 'A'}${good.slice(1)}`;
    const junk = [
      '!',
      '1',
      ' ',
      'null',
      `${good}=`,
      `${good}A`,
      good.repeat(2),
      ` ${good}`,
      'x'.repeat(100_000),
    ];
    for (const pageToken of [good.slice(0, -1), good.slice(1), flipped, strange, ...junk]) {
      const refused = server.operations.listOperations({ ...request, pageToken });
      await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'page_token' });
    }
    await server.operations.listOperations({ ...request, pageToken: good });
  });

  it('token for another parent or filter: INVALID_ARGUMENT (contract 27, 32)', async () => {
    await using server = await open();
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
  });

  it('pages hold what exists all along exactly once, whatever is inserted and deleted (contract 28)', async () => {
    await using server = await open({ concurrency: 1 });
    const names = await start(server, 30);
    const doomed = names.filter((_name, index) => index % 3 === 0);
    const kept = names.filter((name) => !doomed.includes(name));
    const found = await pages(server, { pageSize: 4 }, async () => {
      await start(server, 2);
      // From both ends: what was told of already and what is still to come.
      for (const name of [doomed.shift(), doomed.pop()]) {
        if (name) await server.operations.deleteOperation({ name });
      }
    });
    const seen = found.flat();
    expect(seen.filter((name) => kept.includes(name))).toEqual(kept);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('a page goes on where the one before ended though its last operation was deleted (contract 28)', async () => {
    await using server = await open();
    const names = await start(server, 4);
    const first = await server.operations.listOperations({ name: PARENT, pageSize: 2 });
    await server.operations.deleteOperation({ name: names[1] ?? '' });
    const pageToken = first.nextPageToken;
    const second = await server.operations.listOperations({ name: PARENT, pageSize: 2, pageToken });
    expect(second.operations.map(({ name }) => name)).toEqual(names.slice(2));
  });

  it('return_partial_success: UNIMPLEMENTED (contract 30, 32)', async () => {
    await using server = await open();
    const refused = server.operations.listOperations({ name: PARENT, returnPartialSuccess: true });
    await expectKitError(refused, Code.UNIMPLEMENTED);
    await server.operations.listOperations({ name: PARENT, returnPartialSuccess: false });
  });
});
