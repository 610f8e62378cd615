import { type Authorization, bearerAuthentication } from '../../server/index.js';
import { type ParseAuthFileOptions, readAuthFile } from './auth-settings.js';

/**
 * Reads who may call a server, and do what:
 *
 * ```yaml
 * tokens:                               # who calls, by tokens for tests; or by signed ones:
 *   - { token: ada-1, principal: user:ada@example.com, scopes: [https://www.googleapis.com/auth/cloud-platform] }
 * # bearer: { jwksUri: https://accounts.example.com/jwks, issuer: https://accounts.example.com, audience: gke }
 * scopes: [https://www.googleapis.com/auth/cloud-platform]             # what tokens have to be good for
 * policy:                               # as `iamPolicy` has it; without one, whoever has a token may do everything
 *   service: gkemulticloud
 *   roles: { viewer: [gkemulticloud.operations.get, gkemulticloud.operations.list] }
 *   bindings:
 *     - { role: viewer, members: [user:ada@example.com], resources: [projects/p/**] }
 * ```
 *
 * Calls without a token are left to a policy that grants something to `allUsers`, and refused otherwise.
 *
 * @throws ScriptError that names file, line and field of everything that is wrong; StatusError FAILED_PRECONDITION when it
 * has `bearer` and the package `jose` is not installed.
 */
export async function parseAuthFile(text: string, options: ParseAuthFileOptions): Promise<Authorization> {
  const { authenticate, steps } = readAuthFile(text, options);
  const first = typeof authenticate === 'function' ? authenticate : await bearerAuthentication(authenticate);
  return [first, ...steps];
}
