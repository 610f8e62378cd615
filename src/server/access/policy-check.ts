import { quoted } from '../../status.js';
import { DEFAULT_SERVICE, OPERATION_METHODS, permissionOf } from './permission.js';
import type { PolicyFault } from './policy.js';
import { PolicyReader, suggestion } from './policy-shape.js';
import { patternFault } from './resource-pattern.js';

type Path = PolicyFault['path'];

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
