import { credentials } from '@grpc/grpc-js';
import { expect } from '@jest/globals';
import type { GatewaySettings } from '../../src/gateway/gateway.js';
import { loadSchema } from '../../src/schema/index.js';
import type { AuthorizeStep } from '../../src/server/index.js';
import { type ServedFakes, serveFakes } from '../helpers/served-fakes.js';

process.env.METADATA_SERVER_DETECTION = 'none';

/** API to fake, and its rules. */
export interface FakedApiOptions extends Pick<GatewaySettings, 'serviceConfig'> {
  readonly file: string;
  readonly includeDir: string;
  /** Authorization steps. @defaultValue everybody may do everything */
  readonly authorize?: AuthorizeStep | readonly AuthorizeStep[];
}

/** Faked services of a proto, over gRPC and REST on one port. */
export interface FakedApi extends ServedFakes {
  /** REST requests so far, such as `GET /v1/…`, without queries and with `*` for operation ids. */
  asked(): string[];
}

export async function fakeApi({
  file,
  includeDir,
  serviceConfig,
  authorize,
}: FakedApiOptions): Promise<FakedApi> {
  const urls: string[] = [];
  const served = await serveFakes({
    schema: await loadSchema({ files: [file], includeDirs: [includeDir] }),
    script: 'default: { durationMs: 600000 }',
    operations: { authorize },
    rest: { ...(serviceConfig && { serviceConfig }) },
    onRequest: ({ method, url }) => urls.push(`${method} ${url}`),
  });
  return {
    ...served,
    asked: () => urls.map((url) => url.replace(/\?.*/, '').replace(/operations\/[^:/]+/, 'operations/*')),
  };
}

/**
 * Cancels a started operation, reads error.code 1, lists the operations of a parent (only that one), and deletes
 * it.
 */
export async function cancelListAndDelete(
  operations: object,
  started: { readonly name?: string | undefined; promise(): Promise<unknown> },
  parent: string,
): Promise<void> {
  // Generated types declare nearly everything, with optional fields.
  const client = operations as Record<'cancelOperation' | 'getOperation' | 'deleteOperation', Call> & {
    listOperationsAsync(request: object): AsyncIterable<{ readonly name: string }>;
  };
  const name = started.name ?? '';
  await client.cancelOperation({ name });
  const [cancelled] = await client.getOperation({ name });
  expect(cancelled).toMatchObject({ name, done: true, error: { code: 1 } });
  await expect(started.promise()).rejects.toMatchObject({ code: 1 });
  const listed: string[] = [];
  for await (const operation of client.listOperationsAsync({ name: parent })) listed.push(operation.name);
  expect(listed).toEqual([name]);
  await client.deleteOperation({ name });
  await expect(client.getOperation({ name })).rejects.toMatchObject({ code: 5 });
}

type Call = (request: object) => Promise<readonly unknown[]>;

/** Options of a generated Google client: gRPC without credentials. */
export function grpcOptions(port: number) {
  return { apiEndpoint: '127.0.0.1', port, sslCreds: credentials.createInsecure() };
}

/**
 * Options of a generated Google client: REST without credentials, on connections that close, because its own
 * agent keeps them.
 */
export function restOptions(port: number, token = 'token') {
  const fetchOnce = (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    headers.set('connection', 'close');
    return fetch(url, { ...init, headers });
  };
  const auth = {
    getUniverseDomain: async () => 'googleapis.com',
    getRequestHeaders: async () => new Headers(),
    fetch: fetchOnce,
  };
  return { apiEndpoint: '127.0.0.1', port, protocol: 'http', fallback: true, auth: auth as never };
}
