import { nearest } from '../../core/nearest.js';
import { quoted } from '../../core/status.js';

/** Access policy in terms of IAM. Anything that no binding allows is denied. */
export interface Policy {
  /** First part of permission names, such as `gkemulticloud`. @defaultValue 'longrunning' */
  readonly service?: string | undefined;
  /**
   * Permissions of methods other than the five, by full method name, such as
   * `google.cloud.gkemulticloud.v1.AwsClusters.CreateAwsCluster`.
   *
   * @defaultValue `{service}.{gRPC service}.{method}`, as in `gkemulticloud.awsClusters.createAwsCluster`
   */
  readonly permissions?: Readonly<Record<string, string>> | undefined;
  /** Permissions by role name. `gkemulticloud.operations.*` stands for all permissions with that prefix. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Assignments of roles to members, on some resources. */
  readonly bindings: readonly {
    /** Name of a role of the policy. */
    readonly role: string;
    /**
     * Callers such as `user:ada@example.com`, `serviceAccount:…`, `group:…` or `principal://…`. `allAuthenticatedUsers` matches
     * every authenticated caller, `allUsers` everybody.
     */
    readonly members: readonly string[];
    /**
     * Patterns of resource names, such as `projects/p/**`. A segment is literal text, or `*` for any single segment. The last
     * may be `**` for zero or more segments.
     */
    readonly resources: readonly string[];
  }[];
}

/** Assignment of a role to members, on some resources. */
export type PolicyBinding = Policy['bindings'][number];

/** One fault of a policy. */
export interface PolicyFault {
  /** Location in the policy: `['bindings', 0, 'role']`. */
  readonly path: readonly (string | number)[];
  /** Fault and its remedy. */
  readonly reason: string;
}

/** Creates the error of an invalid policy. The message has one line per fault: `bindings[0].role: reason`. */
export function policyError(faults: readonly PolicyFault[]): TypeError {
  const lines = faults.map(({ path, reason }) => `policy is wrong at ${pathText(path)}: ${reason}`);
  return new TypeError(lines.join('\n'));
}

function pathText(path: PolicyFault['path']): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
  return steps.join('').replace(/^\./, '') || 'its top level';
}

type Path = PolicyFault['path'];

/** Reads an unchecked value as a policy, and collects a fault for each value of a wrong type. */
class PolicyReader {
  readonly faults: PolicyFault[] = [];

  fault(path: Path, reason: string): undefined {
    this.faults.push({ path, reason });
  }

  /** Reads the fields of a map. Fields that are not in `known` are faults. */
  fields(value: unknown, path: Path, known: readonly string[]): Readonly<Record<string, unknown>> {
    const entries = this.entries(value, path);
    for (const [name] of entries) {
      if (!known.includes(name))
        this.fault([...path, name], `field ${quoted(name)} is unknown: ${suggestion(name, known)}`);
    }
    return Object.fromEntries(entries);
  }

  entries(value: unknown, path: Path): readonly (readonly [string, unknown])[] {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
    this.fault(path, `${describe(value, path)} is not a map: write its fields as "name: value"`);
    return [];
  }

  items(value: unknown, path: Path): readonly unknown[] {
    if (Array.isArray(value) && value.length > 0) return value;
    const fault = Array.isArray(value) ? 'the list is empty' : `${describe(value, path)} is not a list`;
    this.fault(path, `${fault}: give a list of one or more`);
    return [];
  }

  /** Reads a list of strings, each with its location. */
  texts(value: unknown, path: Path): readonly (readonly [string, Path])[] {
    return this.items(value, path).flatMap((item, index) => {
      const text = this.text(item, [...path, index]);
      return text === undefined ? [] : [[text, [...path, index]] as const];
    });
  }

  text(value: unknown, path: Path): string | undefined {
    if (typeof value === 'string' && value !== '') return value;
    return this.fault(path, `${describe(value, path)} is not a string: write a name`);
  }
}

/** Suggests a correction for a name that is not in `known`. */
function suggestion(name: string, known: readonly string[]): string {
  const candidate = nearest(name, known);
  if (candidate !== undefined) return `did you mean ${quoted(candidate)}?`;
  return known.length === 0 ? 'none is defined; define it first' : `use one of ${known.join(', ')}`;
}

function describe(value: unknown, path: Path): string {
  return value === undefined
    ? `${path.at(-1) ?? 'policy'}, which is missing,`
    : quoted(JSON.stringify(value));
}

const FIELDS = ['service', 'permissions', 'roles', 'bindings'];
const BINDING_FIELDS = ['role', 'members', 'resources'];
const EVERYBODY = ['allUsers', 'allAuthenticatedUsers'];
const PREFIXES = ['user:', 'serviceAccount:', 'group:', 'principal://'];
const SERVICE = /^[a-z][A-Za-z0-9-]*$/;
const PERMISSION = /^[A-Za-z][A-Za-z0-9-]*\.[A-Za-z][A-Za-z0-9-]*\.[A-Za-z][A-Za-z0-9-]*$/;
const FULL_NAME = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/;

/**
 * Returns all faults of a policy.
 *
 * @param methods - full names of all served methods besides the five; undefined if they are unknown.
 */
export function policyFaults(policy: unknown, methods?: readonly string[]): readonly PolicyFault[] {
  const reader = new PolicyReader();
  const fields = reader.fields(policy, [], FIELDS);
  const service = readService(reader, fields.service);
  const named = readPermissions(reader, fields.permissions, methods);
  const known = knownPermissions(service, named, methods);
  const roles = readRoles(reader, fields.roles, known);
  for (const [index, binding] of reader.items(fields.bindings, ['bindings']).entries()) {
    readBinding(reader, binding, ['bindings', index], roles);
  }
  return reader.faults;
}

function readService(reader: PolicyReader, value: unknown): string {
  if (value === undefined) return DEFAULT_SERVICE;
  const service = reader.text(value, ['service']);
  if (service === undefined) return DEFAULT_SERVICE;
  if (!SERVICE.test(service))
    reader.fault(['service'], `${quoted(service)} is malformed: write one word, such as "reports"`);
  return service;
}

/** Reads the permissions by full method name. */
function readPermissions(
  reader: PolicyReader,
  value: unknown,
  methods: readonly string[] | undefined,
): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  for (const [method, given] of value === undefined ? [] : reader.entries(value, ['permissions'])) {
    const path = ['permissions', method];
    if (methods ? !methods.includes(method) : !FULL_NAME.test(method)) {
      const advice = methods
        ? suggestion(method, methods)
        : 'write its full name, such as acme.v1.Jobs.RunJob';
      reader.fault(path, `method ${quoted(method)} is ${methods ? 'unknown' : 'malformed'}: ${advice}`);
    }
    const permission = reader.text(given, path);
    if (permission === undefined) continue;
    if (PERMISSION.test(permission)) named.set(method, permission);
    else reader.fault(path, `permission ${quoted(permission)} is malformed: write "service.things.verb"`);
  }
  return named;
}

interface KnownPermissions {
  readonly list: readonly string[];
  /** True if all served methods are known, so that there are no other permissions. */
  readonly complete: boolean;
}

function knownPermissions(
  service: string,
  named: ReadonlyMap<string, string>,
  methods: readonly string[] | undefined,
): KnownPermissions {
  const operations = OPERATION_METHODS.map((path) => permissionOf(path, service));
  const others = (methods ?? [...named.keys()]).map(
    (method) => named.get(method) ?? permissionOf(methodPath(method), service),
  );
  return { list: [...operations, ...others], complete: methods !== undefined };
}

/** Converts a full method name to its path: `acme.v1.Jobs.RunJob` to `/acme.v1.Jobs/RunJob`. */
export function methodPath(fullName: string): string {
  return `/${fullName.replace(/\.(?=[^.]*$)/, '/')}`;
}

/** Reads the roles and returns their names. */
function readRoles(reader: PolicyReader, value: unknown, known: KnownPermissions): readonly string[] {
  const roles = reader.entries(value, ['roles']);
  for (const [role, permissions] of roles) {
    for (const [permission, path] of reader.texts(permissions, ['roles', role])) {
      const fault = permissionFault(permission, known);
      if (fault) reader.fault(path, fault);
    }
  }
  return roles.map(([role]) => role);
}

function permissionFault(permission: string, { list, complete }: KnownPermissions): string | undefined {
  const name = quoted(permission);
  if (permission === '*') return undefined;
  if (permission.endsWith('.*')) {
    const begins = list.some((candidate) => candidate.startsWith(permission.slice(0, -1)));
    if (begins || !complete) return undefined;
    return `no permission begins with ${quoted(permission.slice(0, -1))}: use one of ${list.join(', ')}`;
  }
  if (list.includes(permission)) return undefined;
  if (!PERMISSION.test(permission))
    return `permission ${name} is malformed: write "service.things.verb", or "service.things.*"`;
  // The permissions of operations are always these five, whatever other methods are served.
  const ofOperations = list[0]?.replace(/[^.]+$/, '') ?? '';
  if (!complete && !permission.startsWith(ofOperations)) return undefined;
  return `permission ${name} is unknown: ${suggestion(permission, list)}`;
}

function readBinding(reader: PolicyReader, value: unknown, path: Path, roles: readonly string[]): void {
  const fields = reader.fields(value, path, BINDING_FIELDS);
  const role = reader.text(fields.role, [...path, 'role']);
  if (role !== undefined && !roles.includes(role))
    reader.fault([...path, 'role'], `role ${quoted(role)} is unknown: ${suggestion(role, roles)}`);
  for (const [member, at] of reader.texts(fields.members, [...path, 'members'])) {
    const fault = memberFault(member);
    if (fault) reader.fault(at, fault);
  }
  for (const [pattern, at] of reader.texts(fields.resources, [...path, 'resources'])) {
    const fault = patternFault(pattern);
    if (fault) reader.fault(at, fault);
  }
}

function memberFault(member: string): string | undefined {
  if (EVERYBODY.includes(member)) return undefined;
  const prefix = PREFIXES.find((candidate) => member.startsWith(candidate));
  if (prefix) {
    if (member.length > prefix.length) return undefined;
    return `member ${quoted(member)} names nobody: write a name after ${quoted(prefix)}`;
  }
  const [begin = ''] = member.split(/(?<=:)/);
  return `member ${quoted(member)} is unknown: ${suggestion(begin, [...PREFIXES, ...EVERYBODY])}`;
}

/** Default first part of permission names. */
export const DEFAULT_SERVICE = 'longrunning';

const OPERATIONS = '/google.longrunning.Operations/';

/** Verbs of the five methods, by method name. */
const VERBS: Readonly<Record<string, string>> = {
  GetOperation: 'get',
  ListOperations: 'list',
  CancelOperation: 'cancel',
  DeleteOperation: 'delete',
  WaitOperation: 'wait',
};

/** Paths of the five methods of `google.longrunning.Operations`. */
export const OPERATION_METHODS: readonly string[] = Object.keys(VERBS).map((name) => OPERATIONS + name);

/**
 * Returns the permission that a method needs: `{service}.operations.{get|list|cancel|delete|wait}` for the five, otherwise
 * `{service}.{gRPC service}.{method}`, as in `gkemulticloud.awsClusters.createAwsCluster`.
 *
 * @param method - path of the method.
 */
export function permissionOf(method: string, service: string): string {
  const [, typeName = '', name = ''] = method.split('/');
  const verb = method.startsWith(OPERATIONS) ? VERBS[name] : undefined;
  if (verb) return `${service}.operations.${verb}`;
  const collection = typeName.slice(typeName.lastIndexOf('.') + 1);
  return `${service}.${lowerFirst(collection)}.${lowerFirst(name)}`;
}

function lowerFirst(word: string): string {
  return `${word.charAt(0).toLowerCase()}${word.slice(1)}`;
}

/**
 * Pattern of resource names, such as `projects/p/**`. A segment is literal text, or `*` for any single segment. The last may be
 * `**` for zero or more segments.
 */
export class ResourcePattern {
  readonly #segments: readonly string[];
  readonly #hasRest: boolean;

  /** @param pattern - must be free of {@link patternFault}s. */
  constructor(pattern: string) {
    const segments = pattern.split('/');
    this.#hasRest = segments.at(-1) === '**';
    this.#segments = this.#hasRest ? segments.slice(0, -1) : segments;
  }

  covers(name: string): boolean {
    const segments = name.split('/');
    const fits = this.#hasRest
      ? segments.length >= this.#segments.length
      : segments.length === this.#segments.length;
    return fits && this.#segments.every((wanted, index) => wanted === '*' || wanted === segments[index]);
  }
}

/** Returns the fault of a pattern with its remedy; undefined if it is valid. */
function patternFault(pattern: string): string | undefined {
  for (const [index, segment] of pattern.split('/').entries()) {
    const fault = segmentFault(segment, index === pattern.split('/').length - 1);
    if (fault) return `pattern ${quoted(pattern)} is malformed: ${fault}`;
  }
  return undefined;
}

function segmentFault(segment: string, isLast: boolean): string | undefined {
  if (segment === '') return 'it has an empty segment: put single slashes between segments only';
  if (segment === '**') return isLast ? undefined : 'something follows "**": put it at the end';
  if (segment === '*') return undefined;
  if (segment.includes('*')) return `"*" is only part of ${quoted(segment)}: make it a whole segment`;
  if (segment === '-') return '"-" is a wildcard of lists: write "*" for any single segment';
  if (segment === '.' || segment === '..') return `it has the segment "${segment}"`;
  return undefined;
}
