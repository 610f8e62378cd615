import type { DescMethod } from '@bufbuild/protobuf';
import type { PackageDefinition } from '@grpc/proto-loader';
import type { PathBinding } from './http-binding.js';
import { parseBinding } from './http-binding.js';
import { HttpRuleError } from './http-rule-error.js';

/** The options of a method as proto-loader gives them: custom ones by their name in parentheses. */
export type MethodOptions = Readonly<Record<string, unknown>>;

/** What `google.longrunning.operation_info` says. */
export interface OperationInfo {
  readonly responseType: string;
  readonly metadataType: string;
}

/** `google.longrunning.operation_info` of a method; undefined when it has none. */
export function operationInfoOf(options: MethodOptions, packageName: string): OperationInfo | undefined {
  const info = customOption(options, 'google.longrunning.operation_info', packageName);
  if (!info) return undefined;
  return { responseType: text(info.response_type), metadataType: text(info.metadata_type) };
}

/** `google.api.http` of a method in ProtoJSON, by proto names; undefined when it has none. */
export function httpRuleOf(
  options: MethodOptions,
  packageName: string,
): Readonly<Record<string, unknown>> | undefined {
  const rule = customOption(options, 'google.api.http', packageName);
  // A list of one is no list to proto-loader.
  return rule && { ...rule, additional_bindings: [rule.additional_bindings ?? []].flat() };
}

/**
 * What the paths of `google.api.http` of a method bind: that of the rule first, then those of additional bindings.
 * One that is no path template binds nothing: gRPC can do without it, and who serves REST refuses it.
 */
export function pathBindingsOf(options: MethodOptions, packageName: string): PathBinding[] {
  const rule = httpRuleOf(options, packageName);
  if (!rule) return [];
  return [rule, ...[rule.additional_bindings].flat()].flatMap((binding) => {
    const path = isRecord(binding) ? pathOf(binding) : undefined;
    return path === undefined ? [] : bindingOf(path);
  });
}

function bindingOf(path: string): PathBinding[] {
  try {
    return [parseBinding(path)];
  } catch (error) {
    if (error instanceof HttpRuleError) return [];
    throw error;
  }
}

/** The options of a method in a package definition. */
export function optionsOf(method: DescMethod, definitions: PackageDefinition): MethodOptions {
  const service = definitions[method.parent.typeName];
  const definition =
    service && (service as Readonly<Record<string, { options?: MethodOptions }>>)[method.name];
  return definition?.options ?? {};
}

function pathOf(rule: Record<string, unknown>): string | undefined {
  const custom = isRecord(rule.custom) ? rule.custom.path : undefined;
  const path = rule.get ?? rule.put ?? rule.post ?? rule.delete ?? rule.patch ?? custom;
  return typeof path === 'string' ? path : undefined;
}

/**
 * A custom option, under whichever of its names it was written: full, with a leading dot, or relative to the
 * package it is used in. An option set field by field comes in parts.
 */
function customOption(
  options: MethodOptions,
  fullName: string,
  packageName: string,
): Record<string, unknown> | undefined {
  const parts = Object.entries(options).flatMap(([key, value]) => {
    const name = /^\(\.?(.+)\)$/.exec(key)?.[1];
    return name !== undefined && refersTo(name, fullName, packageName) && isRecord(value) ? [value] : [];
  });
  return parts.length > 0 ? Object.assign({}, ...parts) : undefined;
}

function refersTo(name: string, fullName: string, packageName: string): boolean {
  if (name === fullName) return true;
  const scope = fullName.endsWith(`.${name}`) ? fullName.slice(0, -name.length - 1) : undefined;
  return scope !== undefined && `${packageName}.`.startsWith(`${scope}.`);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
