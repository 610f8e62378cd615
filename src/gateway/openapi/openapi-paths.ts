import { type PathTemplate, parseTemplate } from '../../schema/path-template.js';
import type { HttpRule } from '../rules/http-rules.js';
import type { Describing } from './describing.js';
import { openApiPath, pathParameters } from './discovery-path.js';
import type { OpenApiMethod, OpenApiOperation, PathItem } from './openapi-objects.js';
import { describeOperation } from './openapi-operation.js';
import { operationIds } from './operation-ids.js';

const METHODS: readonly OpenApiMethod[] = [
  'get',
  'put',
  'post',
  'delete',
  'options',
  'head',
  'patch',
  'trace',
];
/** Methods that document a rule for any method. The gateway answers the other methods itself. */
const ANY: readonly OpenApiMethod[] = ['get', 'put', 'post', 'delete', 'patch'];

/** HTTP rule under one method. */
interface Binding {
  readonly rule: HttpRule;
  readonly template: PathTemplate;
  readonly httpMethod: OpenApiMethod;
  readonly operationId: string;
}

/**
 * Describes the paths in the order of the rules. Each rule becomes one operation; a rule for any method becomes
 * one per method. OpenAPI 3.1 cannot describe custom methods such as SEARCH.
 *
 * OpenAPI considers two paths equal if only parameter names or their number of segments differ. Such paths are
 * merged under the names of the first. If two rules then share a method, the rule that the gateway matches first
 * keeps it. The description names the other rule.
 */
export function openApiPaths(
  rules: readonly HttpRule[],
  describing: Describing,
): Readonly<Record<string, PathItem>> {
  const paths = Array.from(byShape(bindingsOf(rules)).values(), (bindings): [string, PathItem] => {
    const [first] = bindings;
    if (!first) throw new RangeError('a path has no rule');
    const pathNames = pathParameters(first.template).map(({ name }) => name);
    return [openApiPath(first.template, pathNames), pathItem(bindings, pathNames, describing)];
  });
  return Object.fromEntries(paths);
}

function bindingsOf(rules: readonly HttpRule[]): Binding[] {
  const nextId = operationIds(rules.map(({ method }) => method));
  const bindings = rules.flatMap((rule) => {
    const template = parseTemplate(rule.template);
    return methodsOf(rule).map((httpMethod) => ({
      rule,
      template,
      httpMethod,
      operationId: nextId(rule.method),
    }));
  });
  const shapes = byShape(bindings);
  const shortened = bindings.flatMap((binding): Binding[] => {
    const template = withoutTail(binding.template);
    const others = template && shapes.get(openApiPath(template, []));
    if (!others || others.some(({ rule }) => methodsOf(rule).includes(binding.httpMethod))) return [];
    return [{ ...binding, template, operationId: nextId(binding.rule.method) }];
  });
  return [...bindings, ...shortened];
}

/**
 * Template without the `**` at its end, which can match nothing; undefined if it has no such wildcard. The result
 * is documented only for paths that other rules have too. `DELETE /v1/operations` calls the rule
 * `/v1/{name=operations/**}` and does not fail as an unknown method.
 */
function withoutTail(template: PathTemplate): PathTemplate | undefined {
  const length = template.segments.length - 1;
  if (length < 1 || template.segments[length]?.kind !== '**') return undefined;
  const variables = template.variables.map((variable) => ({
    ...variable,
    end: Math.min(variable.end, length),
  }));
  return { ...template, segments: template.segments.slice(0, length), variables };
}

function methodsOf({ httpMethod }: HttpRule): readonly OpenApiMethod[] {
  return httpMethod === '*' ? ANY : METHODS.filter((method) => method.toUpperCase() === httpMethod);
}

function byShape(bindings: readonly Binding[]): ReadonlyMap<string, readonly Binding[]> {
  return Map.groupBy(bindings, ({ template }) => openApiPath(template, []));
}

function pathItem(
  bindings: readonly Binding[],
  pathNames: readonly string[],
  describing: Describing,
): PathItem {
  const operations = METHODS.flatMap((httpMethod): [OpenApiMethod, OpenApiOperation][] => {
    const rivals = bindings.filter((binding) => binding.httpMethod === httpMethod);
    const [winner, ...others] = rivals.toSorted(inOrderOfMatching);
    if (!winner) return [];
    const notes = others.filter(({ rule }) => rule.httpMethod !== '*').map(({ rule }) => noteOf(rule));
    return [[httpMethod, describeOperation({ ...winner, pathNames, notes }, describing)]];
  });
  return Object.fromEntries(operations);
}

/** Sorts exact methods before any method and then `*` before `**`. Otherwise keeps the order. */
function inOrderOfMatching(a: Binding, b: Binding): number {
  return rank(a) - rank(b);
}

function rank({ rule, template }: Binding): number {
  const takesMany = template.segments.some(({ kind }) => kind === '**');
  return (takesMany ? 2 : 0) + (rule.httpMethod === '*' ? 1 : 0);
}

function noteOf({ httpMethod, template, method }: HttpRule): string {
  return `\`${httpMethod} ${template}\` calls ${method.parent.typeName}.${method.name}; OpenAPI cannot distinguish its path from this one.`;
}
