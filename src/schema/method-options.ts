import type { DescMethod } from '@bufbuild/protobuf';
import type { PackageDefinition } from '@grpc/proto-loader';
import { HttpRuleError, type PathBinding, parseBinding } from './path-template.js';

/** Options of a method in the form of proto-loader: custom options by their name in parentheses. */
export type MethodOptions = Readonly<Record<string, unknown>>;

/** Content of `google.longrunning.operation_info`. */
export interface OperationInfo {
  readonly responseType: string;
  readonly metadataType: string;
}

/** Returns the `google.longrunning.operation_info` of a method, or undefined if it has none. */
export function operationInfoOf(options: MethodOptions, packageName: string): OperationInfo | undefined {
  const info = customOption(options, 'google.longrunning.operation_info', packageName);
  if (!info) return undefined;
  return { responseType: text(info.response_type), metadataType: text(info.metadata_type) };
}

/**
 * Returns the `google.api.http` rule of a method in ProtoJSON with proto names, or undefined if it has none.
 */
export function httpRuleOf(
  options: MethodOptions,
  packageName: string,
): Readonly<Record<string, unknown>> | undefined {
  const rule = customOption(options, 'google.api.http', packageName);
  // proto-loader represents a list of one element as that element.
  return rule && { ...rule, additional_bindings: [rule.additional_bindings ?? []].flat() };
}

/**
 * Returns the bindings of a method's `google.api.http` rule, then those of its additional bindings.
 *
 * An invalid path template binds nothing: gRPC does not need it, and REST servers reject it.
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

/** Returns the options of a method in a package definition. */
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
 * Returns a custom option under any of its names: full, with a leading dot, or relative to the package that
 * uses it. Merges the parts of an option that is set field by field.
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
