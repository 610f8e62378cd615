import { describe, expect, it } from '@jest/globals';
import type { ListOperationsResponse } from '../../generated/google/longrunning/operations.js';
import { OperationError } from '../../src/client/calls/errors.js';
import { listOperations } from '../../src/client/operations/list.js';
import { OperationsClient } from '../../src/client/operations/operations-client.js';
import { expectKitError, rejection } from '../../src/conformance/kit-error.js';
import { PARENT, startReportsServer } from '../../src/conformance/reports-server.js';
import type { CallOptions, OperationsApi } from '../../src/core/operations-api.js';
import { Code, kitError } from '../../src/core/status.js';
import { running } from './scripted-server.js';

type Page = Pick<ListOperationsResponse, 'operations' | 'nextPageToken'> & Partial<ListOperationsResponse>;

interface Asked {
  readonly pageToken: string | undefined;
  readonly options: CallOptions | undefined;
}

/** Server that answers each token with a page. */
function paged(pages: Readonly<Record<string, Page>>): { api: OperationsApi; asked: Asked[] } {
  const asked: Asked[] = [];
  const api = {
    async listOperations({ pageToken }: { pageToken?: string }, options?: CallOptions) {
      asked.push({ pageToken, options });
      return { unreachable: [], ...(pages[pageToken ?? ''] ?? { operations: [], nextPageToken: '' }) };
    },
  };
  return { api: api as unknown as OperationsApi, asked };
}

const page = (nextPageToken: string, ...names: string[]): Page => ({
  operations: names.map((name) => running(name)),
  nextPageToken,
});

async function names(operations: AsyncIterable<{ name: string }>): Promise<string[]> {
  const all: string[] = [];
  for await (const { name } of operations) all.push(name);
  return all;
}

describe('listing', () => {
  it('iterates over all pages of a real server, with the filter', async () => {
    await using server = await startReportsServer();
    await using client = new OperationsClient({ address: server.address });
    const started: string[] = [];
    for (let n = 0; n < 7; n++) started.unshift((await server.inProcess.exportReport()).name);
    const request = { name: PARENT, filter: 'done = false', pageSize: 3 };
    expect((await names(client.list(request))).sort()).toEqual(started.sort());
    const sizes: number[] = [];
    for await (const operations of client.list(request).pages()) sizes.push(operations.length);
    expect(sizes).toEqual([3, 3, 1]);
    expect(await names(client.list({ ...request, filter: 'done = true' }))).toEqual([]);
  });

  it('lists unreachable locations page by page, and requests partial success', async () => {
    const pages = {
      '': { ...page('1', 'a'), unreachable: ['projects/p/locations/eu', 'projects/p/locations/us'] },
      1: page('', 'b'),
    };
    const requests: unknown[] = [];
    const { api } = paged(pages);
    const noting: OperationsApi = {
      ...api,
      listOperations: (request, options) => {
        requests.push(request);
        return api.listOperations(request, options);
      },
    };
    const seen: (readonly string[])[] = [];
    for await (const each of listOperations(noting, { name: '', returnPartialSuccess: true }).pages()) {
      seen.push(each.unreachable);
      expect(each).toHaveLength(1);
    }
    expect(seen).toEqual([['projects/p/locations/eu', 'projects/p/locations/us'], []]);
    expect(requests).toEqual([
      { name: '', returnPartialSuccess: true, pageToken: '' },
      { name: '', returnPartialSuccess: true, pageToken: '1' },
    ]);
  });

  it('continues over empty pages until the token is empty (contract 43)', async () => {
    const pages: Record<string, Page> = { '': page('0', 'a') };
    for (let n = 0; n < 20; n++) pages[n] = page(String(n + 1));
    pages[20] = page('', 'z');
    const { api, asked } = paged(pages);
    const listing = listOperations(api, { name: 'p' });
    expect(await names(listing)).toEqual(['a', 'z']);
    expect(asked).toHaveLength(22);
    const sizes: number[] = [];
    for await (const { length } of listing.pages()) sizes.push(length);
    expect(sizes).toEqual([1, ...Array(20).fill(0), 1]);
  });

  it.each([
    ['at once', { '': page('x', 'a'), x: page('x', 'b') }, ['a', 'b']],
    ['in a circle', { '': page('x', 'a'), x: page('y', 'b'), y: page('x', 'c') }, ['a', 'b', 'c']],
  ])('a token that comes back %s: INTERNAL, after what came before', async (_, pages, expected) => {
    const { api } = paged(pages);
    const seen: string[] = [];
    const loop = (async () => {
      for await (const { name } of listOperations(api, { name: 'p' })) seen.push(name);
    })();
    const error = await expectKitError(loop, Code.INTERNAL, { reason: 'PAGE_TOKEN_REPEATED' });
    expect(error).toMatchObject({ operationName: 'p', message: expect.stringContaining('"x"') });
    expect(seen).toEqual(expected);
  });

  it('leaving early fetches no further page', async () => {
    const { api, asked } = paged({ '': page('x', 'a', 'b'), x: page('', 'c') });
    for await (const { name } of listOperations(api, { name: 'p' })) {
      if (name === 'b') break;
    }
    expect(asked).toHaveLength(1);
  });

  it('returning while a page is pending cancels the call', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const api = {
      listOperations: (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          asked.resolve(signal);
        }),
    } as unknown as OperationsApi;
    const iterator = listOperations(api, { name: 'p' })[Symbol.asyncIterator]();
    const pending = iterator.next();
    const signal = await asked.promise;
    await iterator.return?.();
    expect(signal.aborted).toBe(true);
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  it('an abort rejects with the reason of the signal, and fetches no further page', async () => {
    const { api, asked } = paged({ '': page('x', 'a') });
    const aborted = { signal: AbortSignal.abort('no') };
    expect(await rejection(names(listOperations(api, { name: 'p' }, aborted)))).toBe('no');
    const controller = new AbortController();
    const loop = (async () => {
      for await (const _ of listOperations(api, { name: 'p' }, { signal: controller.signal })) {
        controller.abort('enough');
      }
    })();
    expect(await rejection(loop)).toBe('enough');
    expect(asked).toHaveLength(1);
  });

  it('headers and timeoutMs go with every page', async () => {
    const { api, asked } = paged({ '': page('x'), x: page('') });
    await names(listOperations(api, { name: 'p' }, { timeoutMs: 5, headers: { a: 'b' } }));
    expect(asked.map(({ options }) => [options?.timeoutMs, options?.headers])).toEqual([
      [5, { a: 'b' }],
      [5, { a: 'b' }],
    ]);
  });

  it('errors name the parent, and keep code, details and cause', async () => {
    const thrown = kitError(Code.PERMISSION_DENIED, 'NO', 'not yours: ask', { cause: 'why' });
    const api = {
      listOperations: async () => {
        throw thrown;
      },
    } as unknown as OperationsApi;
    const error = await rejection(names(listOperations(api, { name: PARENT })));
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject({
      operationName: PARENT,
      code: thrown.code,
      details: thrown.details,
      cause: 'why',
    });
  });
});
