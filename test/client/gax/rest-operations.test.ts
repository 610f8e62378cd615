import { createServer, type IncomingMessage } from 'node:http';
import { AttachedClustersClient } from '@google-cloud/gkemulticloud';
import { describe, expect, it } from '@jest/globals';
import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { OperationError } from '../../../src/client/calls/errors.js';
import { fromGax } from '../../../src/client/gax/index.js';
import { GaxRestOperations } from '../../../src/client/gax/rest-operations.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { Code } from '../../../src/core/status.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { createCluster, PARENT } from './google-clients.js';

const NAME = `${PARENT}/operations/1`;
const INFO = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'GONE', domain: 'gke' };

const opened = closeAfterEach();

/** Client over REST of a server with one answer to all calls but the start; JSON with `error` is sent as an error. */
async function rest(answer: (request: IncomingMessage, count: number) => object) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const starting = request.url?.includes('attachedClusters') ?? false;
    const json = starting ? { name: NAME } : answer(request, requests.length - 2);
    response.statusCode = 'status' in json ? Number(json.status) : 200;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const fetchAs = (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', 'Bearer token');
    headers.set('connection', 'close');
    return fetch(url, { ...init, headers });
  };
  const auth = {
    getUniverseDomain: async () => 'googleapis.com',
    getRequestHeaders: async () => new Headers(),
    fetch: fetchAs,
  };
  const options = { apiEndpoint: '127.0.0.1', port, protocol: 'http', fallback: true, auth: auth as never };
  const client = new AttachedClustersClient(options);
  opened({
    async [Symbol.asyncDispose]() {
      await client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return { requests, client, handle: fromGax(await createCluster(client)) };
}

describe('fromGax › a client over REST', () => {
  it('polls, with the credentials of the client, and reads its types', async () => {
    const response = {
      '@type': 'type.googleapis.com/google.cloud.gkemulticloud.v1.AttachedCluster',
      description: 'a',
    };
    const { requests, handle } = await rest((_, count) =>
      count === 0 ? { name: NAME } : { name: NAME, done: true, response },
    );
    expect((await handle.result()).description).toBe('a');
    const [, ...asked] = requests.map(({ method, url, headers }) => [method, url, headers.authorization]);
    expect(asked).toEqual(Array(2).fill(['GET', `/v1/${NAME}?`, 'Bearer token']));
  });

  it('cancels', async () => {
    const { requests, handle } = await rest(({ method }) =>
      method === 'POST'
        ? {}
        : { name: NAME, done: true, error: { code: Code.CANCELLED, message: 'cancelled' } },
    );
    expect((await handle.cancelAndWait()).state).toBe('cancelled');
    expect(requests[1]?.url).toBe(`/v1/${NAME}:cancel?`);
  });

  it('keeps code and details of an error', async () => {
    const { handle } = await rest(() => ({
      status: 404,
      error: { code: 404, status: 'NOT_FOUND', message: 'gone', details: [INFO] },
    }));
    const thrown = await rejection(handle.get());
    if (!(thrown instanceof OperationError)) throw thrown;
    expect([thrown.code, thrown.message]).toEqual([Code.NOT_FOUND, 'gone']);
    expect(thrown.detail(ErrorInfo)?.reason).toBe('GONE');
  });

  it('fails for a response that google-gax cannot decode, without endless retries', async () => {
    const error = { code: Code.FAILED_PRECONDITION, message: 'no', details: [INFO] };
    const { handle } = await rest(() => ({ name: NAME, done: true, error }));
    expect(await rejection(handle.wait())).toMatchObject({
      code: Code.INTERNAL,
      message: expect.stringMatching(/google\.rpc\.ErrorInfo.*without `fallback`/),
    });
  });

  it('lists a page', async () => {
    const { client } = await rest(() => ({ operations: [{ name: NAME }], nextPageToken: 'more' }));
    const operations = new GaxRestOperations(client.operationsClient);
    const page = await operations.listOperations({ name: PARENT, pageSize: 1 });
    expect(page.operations.map(({ name }) => name)).toEqual([NAME]);
    expect(page.nextPageToken).toBe('more');
  });

  it('ends a call on abort, with the reason', async () => {
    const { handle } = await rest(() => ({ name: NAME }));
    const giving = new AbortController();
    const given = rejection(handle.get({ signal: giving.signal }));
    giving.abort(new Error('enough'));
    expect(await given).toBe(giving.signal.reason);
  });
});
