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
/** What a rule for any method is told under: the gateway has its own answers for the others. */
const ANY: readonly OpenApiMethod[] = ['get', 'put', 'post', 'delete', 'patch'];

/** A rule under one method. */
interface Binding {
  readonly rule: HttpRule;
  readonly template: PathTemplate;
  readonly httpMethod: OpenApiMethod;
  readonly operationId: string;
}

/**
 * The paths of a document, in the order of the rules: one operation for each rule, and for a rule for any method
 * one for each of them. Methods of their own, such as SEARCH, have no place in OpenAPI 3.1.
 *
 * To OpenAPI a path is the same whatever its parameters are called, and whether they take one segment or many. So
 * paths that differ in no more than that become one, with the names of the first; if two rules would share a
 * method there, the one that comes first in matching has it, and its description names the other.
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
 * The template where a `**` at its end takes nothing; undefined if it has none. That is told of paths that other rules have
 * too: `DELETE /v1/operations` is a call of the rule `/v1/{name=operations/**}`, not an unknown method.
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

/** A method before any method, then `*` before `**`; else they stay in order. */
function inOrderOfMatching(a: Binding, b: Binding): number {
  return rank(a) - rank(b);
}

function rank({ rule, template }: Binding): number {
  const takesMany = template.segments.some(({ kind }) => kind === '**');
  return (takesMany ? 2 : 0) + (rule.httpMethod === '*' ? 1 : 0);
}

function noteOf({ httpMethod, template, method }: HttpRule): string {
  return `\`${httpMethod} ${template}\` calls ${method.parent.typeName}.${method.name}; OpenAPI cannot tell its path from this one.`;
}
