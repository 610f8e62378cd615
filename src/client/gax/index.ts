/**
 * The client with Google's credentials, and handles for operations of Google's generated clients.
 *
 * @module longrunning/gax
 */

import { GoogleAuth } from 'google-gax';
import { snapshotOf } from '../../core/operation.js';
import type { OperationMethod } from '../../core/operation-method.js';
import { parseAddress } from '../../core/address.js';
import type { OperationsClientOptions } from '../operations/client-options.js';
import { assertGaxOperation } from './operation.js';
import { gaxContext } from './context.js';
import { authorizing, type GoogleCredentials } from './credentials.js';
import type { GaxOperation } from './generated-client.js';
import { snapshotReader } from './operation.js';
import { readOperation } from '../../core/read-operation.js';
import { OperationHandle } from '../operations/operation-handle.js';
import type { OperationOptions } from '../operations/operation-handles.js';
import { OperationsClient } from '../operations/operations-client.js';

export type { GoogleCredentials } from './credentials.js';
export type { GaxAny, GaxOperation, GaxOperationMessage, GaxOperationsClient } from './generated-client.js';

const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';

/** Options of {@link googleOperationsClient}. */
export interface GoogleOperationsClientOptions
  extends Omit<OperationsClientOptions, 'address' | 'credentials' | 'token'> {
  /** Address of the API: `gkemulticloud.googleapis.com`, `host:port` or `https://host:port`. @defaultValue port 443 */
  readonly apiEndpoint: string;
  /** Scopes of the token. @defaultValue `['https://www.googleapis.com/auth/cloud-platform']` */
  readonly scopes?: readonly string[];
  /**
   * The project to charge and to count quota against, sent as `x-goog-user-project`.
   *
   * @defaultValue what the credentials say, or the environment's GOOGLE_CLOUD_QUOTA_PROJECT
   */
  readonly quotaProject?: string;
  /**
   * Credentials of another universe are not sent.
   *
   * @defaultValue the environment's GOOGLE_CLOUD_UNIVERSE_DOMAIN, or `googleapis.com`
   */
  readonly universeDomain?: string;
  /** Credentials of the caller. @defaultValue Application Default Credentials, looked for with the first call */
  readonly auth?: GoogleCredentials;
}

/**
 * A client of `google.longrunning.Operations` of a Google API, with Application Default Credentials: native
 * gRPC over TLS. Only an endpoint on this machine is spoken to in plain text, unless `tls` is given.
 *
 * A call rejects with UNAUTHENTICATED, and is not sent, when there are no credentials, or those of another universe.
 *
 * @throws TypeError when the endpoint is malformed, or `auth` has no `getRequestHeaders`.
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
    // Last, so that interceptors of the caller's own cannot see a token that they might log.
    interceptors: [...(others.interceptors ?? []), authorizing(identity)],
  });
}

/** JavaScript may pass a token or a key file. */
function assertAuth(auth: unknown): void {
  if (auth === undefined) return;
  const { getRequestHeaders } = Object(auth) as { readonly getRequestHeaders?: unknown };
  if (typeof getRequestHeaders === 'function') return;
  throw new TypeError(
    'auth has no function getRequestHeaders: pass a GoogleAuth or an AuthClient of google-auth-library',
  );
}

/** Address to connect to, and the host that tokens name. */
function endpointOf(apiEndpoint: string): { readonly address: string; readonly host: string } {
  const plain = apiEndpoint.replace(/^https:\/\//i, '');
  const inTheOpen = plain === apiEndpoint && parseAddress(plain).loopback;
  return { address: inTheOpen ? plain : `https://${plain}`, host: plain.replace(/(?::443)?\/?$/, '') };
}

function applicationDefault(
  scopes: readonly string[],
  universeDomain: string | undefined,
): GoogleCredentials {
  const auth = new GoogleAuth({
    scopes: [...scopes],
    ...(universeDomain !== undefined && { universeDomain }),
  });
  // As generated clients do: a service account signs its tokens itself, with no server in between.
  auth.useJWTAccessWithScope = true;
  return auth;
}

/**
 * The handle of an operation that a generated Google client started, over that client's own channel and with its
 * credentials. Response and metadata are what the client itself would give, unless `method` says otherwise.
 *
 * The client has to stay open: closing it ends every wait with UNAVAILABLE "client is closed". A client made with
 * `fallback: true` speaks REST, which has no WaitOperation; its operations are polled.
 *
 * @throws TypeError when it is no operation of google-gax, such as the array or the promise that it comes in.
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
  options?: OperationOptions,
): OperationHandle<Response, Metadata>;
/** Reads response and metadata by a method of ours: into the messages of ts-proto. */
export function fromGax<Response, Metadata>(
  operation: GaxOperation<unknown, unknown>,
  method: OperationMethod<unknown, Response, Metadata>,
  options?: OperationOptions,
): OperationHandle<Response, Metadata>;
export function fromGax(
  started: GaxOperation<unknown, unknown>,
  method?: OperationMethod<unknown, unknown, unknown>,
  { retry }: OperationOptions = {},
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
