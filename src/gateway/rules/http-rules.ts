import {
  type DescMethod,
  type FileRegistry,
  getOption,
  hasOption,
  type Message,
  toJson,
} from '@bufbuild/protobuf';
import { nearest } from '../../core/nearest.js';
import { quoted } from '../../core/status.js';
import { HttpRuleError, type PathTemplate, shapeOf } from '../../schema/path-template.js';
import { parseRule } from '../routing/route-rule.js';
import { type HttpBinding, readBindings } from './http-rule-json.js';
import { checkRuleFields } from './rule-fields.js';
import { readServiceConfig, type SelectedRule, type ServiceConfigFile } from './service-config.js';

/** One way to call an RPC over HTTP. Each rule is a separate route. */
export interface HttpRule extends HttpBinding {
  readonly method: DescMethod;
}

/** Input of {@link readHttpRules}. */
export interface HttpRuleSources {
  /** Services, with `google.api.http` if they use it. */
  readonly registry: FileRegistry;
  /**
   * Rules that replace the annotations of the RPCs that they select. Rules for services outside the registry
   * belong to other servers and are ignored.
   *
   * @defaultValue none
   */
  readonly serviceConfig?: ServiceConfigFile | undefined;
  /**
   * Returns the `google.api.http` rule of an RPC in ProtoJSON, or undefined if it has none, for descriptors that
   * have lost their options.
   *
   * @defaultValue reads the options of the descriptor
   */
  readonly annotationOf?: (method: DescMethod) => unknown;
}

/**
 * Collects the HTTP rules of all unary RPCs, from the service configuration or else from the annotations. Each
 * rule's own binding precedes its additional ones.
 *
 * @throws HttpRuleError that names file and rule if a rule is malformed, names fields that cannot be bound, or
 * matches the same requests as another rule.
 */
export function readHttpRules(sources: HttpRuleSources): HttpRule[] {
  const { registry, serviceConfig } = sources;
  const annotations = annotationsOf(sources);
  const configured = serviceConfig ? readServiceConfig(serviceConfig) : new Map<string, SelectedRule>();
  const methods = Array.from(registry)
    .filter((type) => type.kind === 'service')
    .flatMap((service) => service.methods);
  checkSelectors(configured, methods);
  const rules = methods
    .filter(({ methodKind }) => methodKind === 'unary')
    .flatMap((method) => {
      const bindings = configured.get(nameOf(method))?.bindings ?? annotatedBindings(method, annotations);
      return bindings.map((binding) => ({ ...binding, method }));
    });
  return distinct(rules);
}

/** Rules of RPCs in ProtoJSON, with their location for error messages. */
interface Annotations {
  ruleOf(method: DescMethod): unknown;
  sourceOf(method: DescMethod): string;
}

function annotationsOf({ registry, annotationOf }: HttpRuleSources): Annotations {
  const sourceOf = (method: DescMethod) => `rule of ${nameOf(method)}`;
  // Descriptors that have lost their options have often lost the names of their files too.
  if (annotationOf) return { ruleOf: annotationOf, sourceOf };
  return {
    ruleOf: annotationReader(registry),
    sourceOf: (method) => `${method.parent.file.name}.proto: ${sourceOf(method)}`,
  };
}

function annotatedBindings(method: DescMethod, annotations: Annotations): HttpBinding[] {
  const annotation = annotations.ruleOf(method);
  return annotation === undefined ? [] : readBindings(annotation, annotations.sourceOf(method));
}

function annotationReader(registry: FileRegistry): (method: DescMethod) => unknown {
  const extension = registry.getExtension('google.api.http');
  const type = extension?.message;
  if (!extension || !type) return () => undefined;
  return (method) =>
    hasOption(method, extension) ? toJson(type, getOption(method, extension) as Message) : undefined;
}

/** Rejects a selector that names a known service but none of its RPCs, because it is a typo. */
function checkSelectors(configured: ReadonlyMap<string, SelectedRule>, methods: readonly DescMethod[]): void {
  const known = new Set(methods.map(nameOf));
  const services = new Set(methods.map(({ parent }) => parent.typeName));
  for (const [selector, { source }] of configured) {
    const service = selector.slice(0, Math.max(selector.lastIndexOf('.'), 0));
    if (known.has(selector) || !services.has(service)) continue;
    const candidate = nearest(selector, known);
    throw new HttpRuleError(
      `${source}: service ${service} has no such RPC: ${candidate ? `did you mean ${candidate}?` : 'name one of its RPCs'}`,
    );
  }
}

/** Removes duplicate rules of one RPC, which some published configurations contain. */
function distinct(rules: readonly HttpRule[]): HttpRule[] {
  const byRequests = new Map<string, { readonly rule: HttpRule; readonly template: PathTemplate }>();
  for (const rule of rules) {
    const template = checkRule(rule);
    const requests = `${rule.httpMethod} ${shapeOf(template)}`;
    const twin = byRequests.get(requests);
    if (!twin) byRequests.set(requests, { rule, template });
    else if (!isSame(rule, template, twin.rule, twin.template)) {
      throw new HttpRuleError(
        `${rule.source}: ${rule.httpMethod} ${quoted(rule.template)} matches the same requests as ${twin.rule.source}: remove one, or change its path`,
      );
    }
  }
  return Array.from(byRequests.values(), ({ rule }) => rule);
}

function checkRule(rule: HttpRule): PathTemplate {
  try {
    const template = parseRule(rule);
    checkRuleFields(rule.method, rule, template);
    return template;
  } catch (cause) {
    if (!(cause instanceof HttpRuleError)) throw cause;
    throw new HttpRuleError(`${rule.source}: ${cause.message}`, { cause });
  }
}

/** Compares rules of the same shape. `{v}` and `{v=*}` are equal. */
function isSame(a: HttpRule, aTemplate: PathTemplate, b: HttpRule, bTemplate: PathTemplate): boolean {
  return (
    a.method === b.method &&
    a.body === b.body &&
    a.responseBody === b.responseBody &&
    JSON.stringify(aTemplate.variables) === JSON.stringify(bTemplate.variables)
  );
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}
