import type { DescMethod } from '@bufbuild/protobuf';
import { type PathTemplate, parseTemplate } from '../../schema/path-template.js';
import { findFieldPath } from '../json/field-path.js';
import { BoundFields } from '../routing/bindings.js';
import type { HttpRule } from '../rules/http-rules.js';
import type {
  JsonContent,
  JsonSchema,
  OpenApiMethod,
  OpenApiOperation,
  Parameter,
  PathItem,
  RequestBody,
} from './objects.js';
import {
  describeParameter,
  openApiPath,
  type PathParameter,
  parameterSchema,
  pathParameters,
  queryParameters,
} from './parameters.js';
import { type Describing, nullable } from './schemas.js';

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

/** HTTP rule with the facts that its description in the document needs. */
export interface OperationParts {
  readonly rule: HttpRule;
  readonly template: PathTemplate;
  readonly operationId: string;
  /** Names of the path parameters. They may come from another rule with the same path. */
  readonly pathNames: readonly string[];
  /** Additional paragraphs of the description. */
  readonly notes: readonly string[];
}

/** Error response that every operation refers to. */
const ERROR = { $ref: '#/components/responses/Error' };

/** Describes the call of an RPC through one HTTP rule. */
function describeOperation(parts: OperationParts, describing: Describing): OpenApiOperation {
  const { rule, operationId, notes } = parts;
  const { method } = rule;
  const description = [describing.comments.of(method) ?? [], ...notes].flat().join('\n\n');
  const parameters = [...pathOf(parts, describing), ...queryOf(parts, describing)];
  const requestBody = requestBodyOf(parts, describing);
  return {
    operationId,
    summary: `${method.parent.typeName}.${method.name}`,
    tags: [method.parent.typeName],
    ...(description !== '' && { description }),
    ...((method.deprecated || method.parent.deprecated) && { deprecated: true }),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody }),
    responses: {
      200: { description: 'Successful response.', content: json(responseSchema(rule, describing)) },
      default: ERROR,
    },
  };
}

function pathOf({ rule, template, pathNames }: OperationParts, { schemas }: Describing): Parameter[] {
  return pathParameters(template).map((parameter, index) => {
    const { name, variable, isWhole } = parameter;
    const field =
      variable && isWhole ? findFieldPath(rule.method.input, variable.fieldPath).at(-1) : undefined;
    return {
      name: pathNames[index] ?? name,
      in: 'path',
      required: true,
      description: describeParameter(template, parameter),
      schema: pathText(field ? parameterSchema(field, schemas) : { type: 'string' }, parameter),
    };
  });
}

/** Constrains path text as the gateway does: not empty, no control characters, no dot segments. */
function pathText(schema: JsonSchema, { kind, isFirst, isLast }: PathParameter): JsonSchema {
  if (schema.type !== 'string' || schema.pattern !== undefined || schema.format !== undefined) return schema;
  const slash = kind === '*' ? '/' : '';
  const noSpace = '\\s\\uFEFF';
  const edge = (isEdge: boolean, lookaround: string) => (isEdge ? `(?!${lookaround})` : '');
  const start = edge(isFirst, `[${noSpace}]`) + edge(isLast, `.*[${noSpace}]$`);
  return { ...schema, pattern: `^(?!\\.{1,2}$)${start}[^${slash}\\u0000-\\u001F\\u007F-\\u009F\\uFFFD]+$` };
}

function queryOf({ rule, template }: OperationParts, describing: Describing): Parameter[] {
  const { method, body } = rule;
  // http.proto: body '*' includes every field that the path does not bind, so the query has none.
  if (body === '*') return [];
  const bound = new BoundFields(template.variables.map(({ fieldPath }) => fieldPath));
  const fields = method.input.fields.filter(({ name }) => name !== body);
  return queryParameters(fields, bound, describing);
}

function requestBodyOf(
  { rule: { method, body }, template }: OperationParts,
  { schemas }: Describing,
): RequestBody | undefined {
  if (body === undefined) return undefined;
  const field = method.input.fields.find(({ name }) => name === body);
  const bound = template.variables.map(({ fieldPath }) => fieldPath.split('.'));
  const description = 'Fields that the path sets may be omitted and must not differ from the path.';
  if (!field) return { description, content: json(schemas.ofBody(method.input, bound)) };
  const within = bound.flatMap(([first, ...rest]) => (first === field.name ? [rest] : []));
  const isPartly = field.fieldKind === 'message' && within.length > 0;
  const schema = isPartly ? schemas.ofBody(field.message, within) : schemas.ofField(field);
  return { description, content: json(schema) };
}

function responseSchema(
  { method, responseBody }: HttpRule,
  { schemas, operationTypesOf }: Describing,
): JsonSchema {
  const field = method.output.fields.find(({ name }) => name === responseBody);
  // An unset message is null.
  if (field?.fieldKind === 'message') return nullable(schemas.ofField(field));
  if (field) return schemas.ofField(field);
  const message = schemas.ofMessage(method.output);
  const types = operationTypesOf(method);
  if (!types) return message;
  const properties = {
    ...(types.metadata && { metadata: schemas.ofAny(types.metadata) }),
    ...(types.response && { response: schemas.ofAny(types.response) }),
  };
  return { allOf: [message, { type: 'object', properties }] };
}

function json(schema: JsonSchema): JsonContent {
  return { 'application/json': { schema } };
}

/**
 * Creates a generator of unique operation ids, from which code generators derive function names. Examples are
 * `Operations_CancelOperation` and, for its second binding, `Operations_CancelOperation2`. Services that share a
 * name are prefixed with their packages.
 */
function operationIds(methods: readonly DescMethod[]): (method: DescMethod) => string {
  const services = new Set(methods.map(({ parent }) => parent));
  const names = Array.from(services, ({ name }) => name);
  const taken = new Set<string>();
  return ({ name, parent }) => {
    const isShared = names.filter((other) => other === parent.name).length > 1;
    const service = isShared ? parent.typeName.replaceAll('.', '_') : parent.name;
    const base = `${service}_${name}`;
    let id = base;
    for (let count = 2; taken.has(id); count++) id = `${base}${count}`;
    taken.add(id);
    return id;
  };
}
