import type { Schema } from '../../schema/index.js';
import { policyFaults } from '../../server/access/policy.js';
import {
  type AuthorizeStep,
  type BearerOptions,
  bearerTokens,
  iamPolicy,
  type Policy,
  requireScopes,
  staticTokens,
} from '../../server/index.js';
import { readYaml } from '../script/readers.js';
import { fullName } from '../script/script-source.js';
import { ScriptError, type WrittenValue } from '../script/written-value.js';

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
 * @throws ScriptError that names file, line and field of every fault.
 */
export function parseAuthFile(
  text: string,
  { file, schema }: ParseAuthFileOptions,
): readonly AuthorizeStep[] {
  const methods = schema.services.flatMap((service) => service.methods.map(fullName));
  const steps = readYaml(text, file, (top) => top && readSettings(top, methods));
  if (steps) return steps;
  throw new ScriptError(file, [{ line: 1, path: '', reason: NOTHING }]);
}

/** Options of {@link parseAuthFile}. */
export interface ParseAuthFileOptions {
  /** Name of the file, for error messages. */
  readonly file: string;
  /** Schema with the methods that permissions may name. */
  readonly schema: Schema;
}

const NOTHING = 'callers are missing: give tokens or bearer';

function readSettings(top: WrittenValue, methods: readonly string[]): readonly AuthorizeStep[] | undefined {
  const fields = top.fields(['tokens', 'bearer', 'scopes', 'policy']);
  if (!fields) return undefined;
  const { tokens, bearer, scopes, policy } = fields;
  const read = policy && readPolicy(policy, methods);
  const anonymous = read && grantsEverybody(read) ? 'allow' : 'refuse';
  if (anonymous === 'allow' && scopes)
    scopes.fault('calls of allUsers have no token and no scopes: remove scopes, or allUsers from the policy');
  if (tokens && bearer) bearer.fault('both tokens and bearer are given: keep one of them');
  if (!tokens && !bearer) return top.fault(NOTHING);
  const authenticate = tokens
    ? attempt(tokens, () => staticTokens(readTokens(tokens), { anonymous }))
    : bearer && readBearer(bearer, anonymous);
  const required = scopes && attempt(scopes, () => requireScopes(readTexts(scopes)));
  if (!authenticate) return undefined;
  const allowed = read && iamPolicy(read, { methods });
  return [authenticate, required, allowed].filter((step) => step !== undefined);
}

/** Returns undefined if the policy has faults. */
function readPolicy(value: WrittenValue, methods: readonly string[]): Policy | undefined {
  const json = value.toJson();
  const faults = policyFaults(json, methods);
  for (const { path, reason } of faults) value.at(path).fault(reason);
  return faults.length === 0 ? (json as Policy) : undefined;
}

function grantsEverybody({ bindings }: Policy): boolean {
  return bindings.some(({ members }) => members.includes('allUsers'));
}

function readTokens(value: WrittenValue): Parameters<typeof staticTokens>[0] {
  const read = value.items()?.flatMap((item) => {
    const fields = item.fields(['token', 'principal', 'members', 'scopes']);
    const token = fields?.token?.text();
    const principal = fields?.principal?.text();
    if (fields && !(fields.token && fields.principal)) item.fault('token or principal is missing: give both');
    if (!fields || token === undefined || principal === undefined) return [];
    const members = fields.members && [principal, ...readTexts(fields.members)];
    return [{ token, principal, members, scopes: fields.scopes && readTexts(fields.scopes) }];
  });
  if (read?.length === 0) value.fault('the list is empty: give at least one token');
  return read ?? [];
}

const BEARER_FIELDS = ['issuer', 'audience', 'jwksUri', 'keys', 'algorithms', 'clockToleranceMs'] as const;

function readBearer(value: WrittenValue, anonymous: 'allow' | 'refuse'): AuthorizeStep | undefined {
  const fields = value.fields(BEARER_FIELDS);
  if (!fields) return undefined;
  const { issuer, audience, jwksUri, keys, algorithms, clockToleranceMs } = fields;
  const options = {
    issuer: issuer ? readTextOrTexts(issuer) : '',
    audience: audience ? readTextOrTexts(audience) : '',
    ...(jwksUri && { jwksUri: jwksUri.text() ?? '' }),
    ...(keys && { keys: (keys.items() ?? []).map((key) => key.toJson()) }),
    ...(algorithms && { algorithms: readTexts(algorithms) }),
    ...(clockToleranceMs && { clockToleranceMs: clockToleranceMs.milliseconds() }),
    anonymous,
  } as BearerOptions;
  return attempt(value, () => bearerTokens(options));
}

function readTextOrTexts(value: WrittenValue): string | string[] {
  return value.isList() ? readTexts(value) : (value.text() ?? '');
}

function readTexts(value: WrittenValue): string[] {
  return value.items()?.flatMap((item) => item.text() ?? []) ?? [];
}

/** Turns a TypeError into a fault of the value. */
function attempt<Result>(value: WrittenValue, make: () => Result): Result | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof TypeError) return value.fault(error.message);
    throw error;
  }
}
