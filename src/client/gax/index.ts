/**
 * Client with Google's credentials, and handles for operations of Google's generated clients.
 *
 * @module longrunning/gax
 */

import { snapshotOf } from '../../core/operation.js';
import type { OperationMethod } from '../../core/operation-method.js';
import type { StatusError } from '../../core/status.js';
import { parseAddress } from '../../core/address.js';
import { importError } from '../../core/optional-package.js';
import type { OperationsClientOptions } from '../operations/client-options.js';
import { assertGaxOperation } from './operation.js';
import { gaxContext } from './context.js';
import { authorizing, type GoogleCredentials } from './credentials.js';
import type { GaxOperation } from './generated-client.js';
import { snapshotReader } from './operation.js';
import { readOperation } from '../../core/read-operation.js';
import { OperationHandle } from '../operations/operation-handle.js';
import { OperationsClient } from '../operations/operations-client.js';

export type { GoogleCredentials } from './credentials.js';
export type { GaxOperation } from './generated-client.js';

const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';

/** Options of {@link googleOperationsClient}. */
export interface GoogleOperationsClientOptions
  extends Omit<OperationsClientOptions, 'address' | 'credentials' | 'token'> {
  /** Address of the API: `gkemulticloud.googleapis.com`, `host:port` or `https://host:port`. The default port is 443. */
  readonly apiEndpoint: string;
  /** Scopes of the token. @defaultValue `['https://www.googleapis.com/auth/cloud-platform']` */
  readonly scopes?: readonly string[] | undefined;
  /**
   * Project for billing and quota, sent as `x-goog-user-project`.
   *
   * @defaultValue the project of the credentials, or of GOOGLE_CLOUD_QUOTA_PROJECT in the environment
   */
  readonly quotaProject?: string | undefined;
  /**
   * Expected universe. Credentials of another universe are not sent.
   *
   * @defaultValue GOOGLE_CLOUD_UNIVERSE_DOMAIN in the environment, or `googleapis.com`
   */
  readonly universeDomain?: string | undefined;
  /** Credentials of the caller. @defaultValue Application Default Credentials, loaded at the first call */
  readonly auth?: GoogleCredentials | undefined;
}

/**
 * Creates a client of `google.longrunning.Operations` of a Google API, with Application Default Credentials. It uses
 * gRPC over TLS. Only an endpoint on this machine is reached in plain text, unless `tls` is given.
 *
 * A call rejects with UNAUTHENTICATED, and is not sent, if the credentials are missing or belong to another universe.
 *
 * @throws TypeError if the endpoint is malformed, or `auth` has no `getRequestHeaders`.
 *
 * @example
 * ```ts
 * await using operations = googleOperationsClient({ apiEndpoint: 'gkemulticloud.googleapis.com' });
 * const outcome = await operations.operation(name).cancelAndWait({ timeoutMs: 60_000 });
 * ```
 */
export function googleOperationsClient(options: GoogleOperationsClientOptions): OperationsClient {
  const { apiEndpoint, scopes = [CLOUD_PLATFORM], quotaProject, universeDomain, auth, ...others } = options;
  const { address, host } = endpointOf(apiEndpoint);
  assertAuth(auth);
  const credentials = auth ?? applicationDefault(scopes, universeDomain);
  const identity = { credentials, host, quotaProject, universeDomain };
  return new OperationsClient({
    ...others,
    address,
    // Last, so that other interceptors cannot see, and perhaps log, the token.
    interceptors: [...(others.interceptors ?? []), authorizing(identity)],
  });
}

/** Rejects tokens and key files, which JavaScript may pass. */
function assertAuth(auth: unknown): void {
  if (auth === undefined) return;
  const { getRequestHeaders } = Object(auth) as { readonly getRequestHeaders?: unknown };
  if (typeof getRequestHeaders === 'function') return;
  throw new TypeError(
    'auth has no function getRequestHeaders: pass a GoogleAuth or an AuthClient of google-auth-library',
  );
}

/** Derives the address to connect to, and the host that tokens name. */
function endpointOf(apiEndpoint: string): { readonly address: string; readonly host: string } {
  const plain = apiEndpoint.replace(/^https:\/\//i, '');
  const inTheOpen = plain === apiEndpoint && parseAddress(plain).loopback;
  return { address: inTheOpen ? plain : `https://${plain}`, host: plain.replace(/(?::443)?\/?$/, '') };
}

async function importGax() {
  try {
    return await import('google-gax');
  } catch (error) {
    const neededBy = 'googleOperationsClient() without `auth`';
    throw importError({ name: 'google-gax', neededBy, install: 'google-gax' }, error);
  }
}

/** Application default credentials. google-gax, which finds them, is loaded by the first call. */
function applicationDefault(
  scopes: readonly string[],
  universeDomain: string | undefined,
): GoogleCredentials {
  const load = async () => {
    const { GoogleAuth } = await importGax();
    const auth = new GoogleAuth({
      scopes: [...scopes],
      ...(universeDomain !== undefined && { universeDomain }),
    });
    // Like generated clients: service accounts sign their tokens locally, without a token server.
    auth.useJWTAccessWithScope = true;
    return auth;
  };
  let loading: ReturnType<typeof load> | undefined;
  const auth = () => {
    loading ??= load();
    return loading;
  };
  return {
    getRequestHeaders: async (url) => (await auth()).getRequestHeaders(url),
    getUniverseDomain: async () => (await auth()).getUniverseDomain(),
  };
}

/**
 * Opens the handle of an operation that a generated Google client started. It uses that client's channel and
 * credentials. Response and metadata have the types of that client, unless `method` is given.
 *
 * The client must stay open: closing it ends every wait with UNAVAILABLE "client is closed". A client with
 * `fallback: true` uses REST, which has no WaitOperation; its operations are polled.
 *
 * @throws TypeError if the value is no operation of google-gax, such as the array or the promise around it.
 *
 * @example
 * ```ts
 * const [started] = await client.createAwsCluster(request);
 * const outcome = await fromGax(started).cancelAndWait({ timeoutMs: 60_000 });
 * // In another process, by name:
 * const resumed = fromGax(await client.checkCreateAwsClusterProgress(name));
 * ```
 */
export function fromGax<Response, Metadata>(
  operation: GaxOperation<Response, Metadata>,
  method?: undefined,
  options?: { readonly retry?: ((error: StatusError) => boolean) | undefined },
): OperationHandle<Response, Metadata>;
/** Opens a handle whose response and metadata have the types of `method`, which are messages of ts-proto. */
export function fromGax<Response, Metadata>(
  operation: GaxOperation<unknown, unknown>,
  method: OperationMethod<unknown, Response, Metadata>,
  options?: { readonly retry?: ((error: StatusError) => boolean) | undefined },
): OperationHandle<Response, Metadata>;
export function fromGax(
  started: GaxOperation<unknown, unknown>,
  method?: OperationMethod<unknown, unknown, unknown>,
  { retry }: { readonly retry?: ((error: StatusError) => boolean) | undefined } = {},
): OperationHandle<unknown, unknown> {
  assertGaxOperation(started);
  const operation = readOperation(started.latestResponse);
  const { name } = operation;
  const context = gaxContext(started.longrunningDescriptor.operationsClient);
  return new OperationHandle(
    { ...context, retry },
    {
      reference: method ? { name, method: method.path } : { name },
      operation,
      read: method ? (latest) => snapshotOf(latest, method) : snapshotReader(started),
    },
  );
}
