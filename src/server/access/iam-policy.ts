import { Code, kitError, quoted } from '../../core/status.js';
import { credentialsMissing } from './access-error.js';
import type { AuthorizeRequest, AuthorizeResult, AuthorizeStep, Caller, CallFacts } from './call-facts.js';
import {
  DEFAULT_SERVICE,
  methodPath,
  OPERATION_METHODS,
  type Policy,
  type PolicyBinding,
  permissionOf,
  policyError,
  policyFaults,
  ResourcePattern,
} from './policy.js';

/** Resource of lists and starts without a parent, as in their HTTP path. */
const TOP = 'operations';
const [GET = '', LIST = ''] = OPERATION_METHODS;

/**
 * Authorizes calls by a policy: the caller needs the permission of the method on the resource of the call. Otherwise the call
 * fails with PERMISSION_DENIED, or UNAUTHENTICATED if the caller is anonymous. Lists show the operations that the caller may
 * get.
 *
 * The permissions of the five methods are `{service}.operations.{get|list|cancel|delete|wait}`, on the name of the operation;
 * that of `list` on the parent. A method that starts operations needs its permission on the parent, or on `operations` if
 * there is no parent.
 *
 * @param options - `methods`: full names of all served methods besides the five, so that the permissions of the policy can be
 * checked. Without them any well-formed permission is accepted.
 * @throws TypeError with all faults of the policy.
 *
 * @example
 * ```ts
 * const policy = iamPolicy({
 *   service: 'reports',
 *   roles: { operator: ['reports.operations.*', 'reports.reports.exportReport'] },
 *   bindings: [{ role: 'operator', members: ['user:ada@example.com'], resources: ['projects/p/**'] }],
 * });
 * ```
 */
export function iamPolicy(
  policy: Policy,
  { methods }: { readonly methods?: readonly string[] | undefined } = {},
): AuthorizeStep {
  const faults = policyFaults(policy, methods);
  if (faults.length > 0) throw policyError(faults);
  const { service = DEFAULT_SERVICE, permissions = {} } = policy;
  const named = new Map(Object.entries(permissions).map(([name, given]) => [methodPath(name), given]));
  const permissionFor = ({ method }: Pick<CallFacts, 'method'>) =>
    named.get(method) ?? permissionOf(method, service);
  const grants = new Grants(policy);
  const authorize = (request: AuthorizeRequest): AuthorizeResult | undefined => {
    const { method, caller } = request;
    const permission = permissionFor(request);
    const name = request.name || TOP;
    if (!grants.of(caller, permission).some((pattern) => pattern.covers(name)))
      throw denied(caller, permission, name);
    if (method !== LIST) return undefined;
    const readable = grants.of(caller, permissionFor({ method: GET }));
    return { shows: (operation) => readable.some((pattern) => pattern.covers(operation)) };
  };
  /** Refuses anonymous callers only: for others the error names the resource, which is in the message. */
  const beforeMessage = (request: Omit<AuthorizeRequest, 'name'>) => {
    const { caller } = request;
    if (caller.principal === undefined && grants.of(caller, permissionFor(request)).length === 0)
      throw credentialsMissing();
  };
  return Object.assign(authorize, { permissionFor, beforeMessage });
}

/** Permissions of each member of a binding. */
interface Grant {
  /** Permissions, or prefixes followed by `*`. */
  readonly permissions: readonly string[];
  readonly resources: readonly ResourcePattern[];
}

class Grants {
  readonly #byMember = new Map<string, Grant[]>();

  constructor({ roles, bindings }: Policy) {
    for (const { role, members, resources } of bindings) {
      const patterns = resources.map((pattern) => new ResourcePattern(pattern));
      const grant = { permissions: roles[role] ?? [], resources: patterns };
      for (const member of new Set<PolicyBinding['members'][number]>(members)) {
        this.#byMember.set(member, [...(this.#byMember.get(member) ?? []), grant]);
      }
    }
  }

  /** Returns the resources on which a caller has a permission. */
  of(caller: Caller, permission: string): ResourcePattern[] {
    const names = new Set(namesOf(caller));
    return [...names].flatMap((name) =>
      (this.#byMember.get(name) ?? []).flatMap((grant) => (gives(grant, permission) ? grant.resources : [])),
    );
  }
}

function namesOf({ principal, members }: Caller): readonly string[] {
  if (principal === undefined) return ['allUsers'];
  return ['allUsers', 'allAuthenticatedUsers', ...(members ?? [principal])];
}

function gives({ permissions }: Grant, permission: string): boolean {
  return permissions.some((given) =>
    given.endsWith('*') ? permission.startsWith(given.slice(0, -1)) : given === permission,
  );
}

function denied({ principal }: Caller, permission: string, name: string): Error {
  if (principal === undefined) return credentialsMissing();
  const message = `permission ${permission} is denied on ${quoted(name)}, whether or not it exists: ask for a role that has it`;
  return kitError(Code.PERMISSION_DENIED, 'IAM_PERMISSION_DENIED', message);
}
