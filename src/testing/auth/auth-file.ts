import { type Authorization, bearerAuthentication } from '../../server/index.js';
import { type ParseAuthFileOptions, readAuthFile } from './auth-settings.js';

/**
 * Reads an authorization file, which says who may call a server and do what:
 *
 * ```yaml
 * tokens:                               # callers by fixed token, for tests; or by signed token:
 *   - { token: ada-1, principal: user:ada@example.com, scopes: [https://www.googleapis.com/auth/cloud-platform] }
 * # bearer: { jwksUri: https://accounts.example.com/jwks, issuer: https://accounts.example.com, audience: gke }
 * scopes: [https://www.googleapis.com/auth/cloud-platform]             # scopes that tokens need
 * policy:                               # as in `iamPolicy`; without one, any token may do everything
 *   service: gkemulticloud
 *   roles: { viewer: [gkemulticloud.operations.get, gkemulticloud.operations.list] }
 *   bindings:
 *     - { role: viewer, members: [user:ada@example.com], resources: [projects/p/**] }
 * ```
 *
 * Calls without a token are rejected, unless the policy grants something to `allUsers`.
 *
 * @throws ScriptError that names file, line and field of every fault; StatusError FAILED_PRECONDITION if the file
 * has `bearer` and the package `jose` is not installed.
 */
export async function parseAuthFile(text: string, options: ParseAuthFileOptions): Promise<Authorization> {
  const { authenticate, steps } = readAuthFile(text, options);
  const first = typeof authenticate === 'function' ? authenticate : await bearerAuthentication(authenticate);
  return [first, ...steps];
}
