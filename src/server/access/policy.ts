import { nearest } from '../../core/nearest.js';
import { quoted } from '../../core/status.js';

/** Who has a role, and where. */
export interface PolicyBinding {
  /** A role of the policy. */
  readonly role: string;
  /**
   * `user:ada@example.com`, `serviceAccount:…`, `group:…`, `principal://…`; `allAuthenticatedUsers` is who has shown who they
   * are, `allUsers` everybody.
   */
  readonly members: readonly string[];
  /**
   * Names of resources: `projects/p/**`. A segment is text, or `*` for any one segment; the last may be `**` for any number
   * of them, none too.
   */
  readonly resources: readonly string[];
}

/** Who may do what: whatever no binding says is denied. The words are those of IAM. */
export interface Policy {
  /** What permissions begin with: `gkemulticloud`. @defaultValue 'longrunning' */
  readonly service?: string | undefined;
  /**
   * The permissions of methods other than the five, by their full names: `google.cloud.gkemulticloud.v1.AwsClusters.CreateAwsCluster`.
   *
   * @defaultValue `{service}.{its service}.{its name}`, as in `gkemulticloud.awsClusters.createAwsCluster`
   */
  readonly permissions?: Readonly<Record<string, string>> | undefined;
  /** Lists of permissions, by name. `gkemulticloud.operations.*` is all that begin so. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  readonly bindings: readonly PolicyBinding[];
}

/** One thing that is wrong with a policy. */
export interface PolicyFault {
  /** Where in it: `['bindings', 0, 'role']`. */
  readonly path: readonly (string | number)[];
  /** What is wrong, and what to do. */
  readonly reason: string;
}

/** A policy cannot be used. The message has one line for each fault: `bindings[0].role: reason`. */
export class PolicyError extends Error {
  override readonly name: string = 'PolicyError';
  /** All that is wrong. */
  readonly faults: readonly PolicyFault[];

  constructor(faults: readonly PolicyFault[]) {
    super(faults.map(({ path, reason }) => `policy is wrong at ${pathText(path)}: ${reason}`).join('\n'));
    this.faults = faults;
  }
}

function pathText(path: PolicyFault['path']): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
  return steps.join('').replace(/^\./, '') || 'its top';
}

type Path = PolicyFault['path'];

/** Reads what is given for a policy; reading it as what it is not notes a fault. Programs without types give anything. */
export class PolicyReader {
  readonly faults: PolicyFault[] = [];

  fault(path: Path, reason: string): undefined {
    this.faults.push({ path, reason });
  }

  /** The fields of a map all of whose keys are among `known`. */
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
    this.fault(path, `${what(value, path)} is no map: write its fields as "name: value"`);
    return [];
  }

  items(value: unknown, path: Path): readonly unknown[] {
    if (Array.isArray(value) && value.length > 0) return value;
    const fault = Array.isArray(value) ? 'the list is empty' : `${what(value, path)} is no list`;
    this.fault(path, `${fault}: name one or more, in a list`);
    return [];
  }

  /** The texts of a list, each with its place. */
  texts(value: unknown, path: Path): readonly (readonly [string, Path])[] {
    return this.items(value, path).flatMap((item, index) => {
      const text = this.text(item, [...path, index]);
      return text === undefined ? [] : [[text, [...path, index]] as const];
    });
  }

  text(value: unknown, path: Path): string | undefined {
    if (typeof value === 'string' && value !== '') return value;
    return this.fault(path, `${what(value, path)} is no text: write a name`);
  }
}

/** How to put a name right that is none of `known`. */
export function suggestion(name: string, known: readonly string[]): string {
  const candidate = nearest(name, known);
  if (candidate !== undefined) return `did you mean ${quoted(candidate)}?`;
  return known.length === 0
    ? 'there is none to choose from; define it first'
    : `use one of ${known.join(', ')}`;
}

function what(value: unknown, path: Path): string {
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
 * All that is wrong with a policy.
 *
 * @param methods - full names of all methods that are served, besides the five; undefined: they are not known.
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

/** By full names of methods. */
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
  /** Whether there is no other: the methods that are served are known. */
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

/** `/acme.v1.Jobs/RunJob` of `acme.v1.Jobs.RunJob`. */
export function methodPath(fullName: string): string {
  return `/${fullName.replace(/\.(?=[^.]*$)/, '/')}`;
}

/** Their names. */
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
  // Of operations there are five and no more, whatever else is served.
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
    return `member ${quoted(member)} names nobody: write who, after the ${quoted(prefix)}`;
  }
  const [begin = ''] = member.split(/(?<=:)/);
  return `member ${quoted(member)} is unknown: ${suggestion(begin, [...PREFIXES, ...EVERYBODY])}`;
}

/** The service that permissions are of when nobody says. */
export const DEFAULT_SERVICE = 'longrunning';

const OPERATIONS = '/google.longrunning.Operations/';

/** The five verbs, by the names of their methods. */
const VERBS: Readonly<Record<string, string>> = {
  GetOperation: 'get',
  ListOperations: 'list',
  CancelOperation: 'cancel',
  DeleteOperation: 'delete',
  WaitOperation: 'wait',
};

/** `reports.operations.cancel`, of the service `reports`: one of the five methods of operations. */
export const OPERATION_METHODS: readonly string[] = Object.keys(VERBS).map((name) => OPERATIONS + name);

/**
 * The permission that calls of a method need: `{service}.operations.{get|list|cancel|delete|wait}` for the five; for any other
 * `{service}.{its service}.{its name}`, as in `gkemulticloud.awsClusters.createAwsCluster`.
 *
 * @param method - its path.
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
 * Which resource names a binding is for: `projects/p/**`. A segment is text, or `*` for any one segment; the last may be `**`
 * for any number of them, none too.
 */
export class ResourcePattern {
  readonly #segments: readonly string[];
  readonly #hasRest: boolean;

  /** @param pattern - without faults. */
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

/** What is wrong with a pattern, and what to do. */
export function patternFault(pattern: string): string | undefined {
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
  if (segment.includes('*')) return `"*" is only a part of ${quoted(segment)}: give it a segment of its own`;
  if (segment === '-') return '"-" is a wildcard of lists: write "*" for any one segment';
  if (segment === '.' || segment === '..') return `it has the segment "${segment}"`;
  return undefined;
}
