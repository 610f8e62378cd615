import type { PathTemplate } from '../../schema/path-template.js';
import { findFieldPath } from '../json/field-path.js';
import { BoundFields } from '../routing/bound-fields.js';
import type { HttpRule } from '../rules/http-rules.js';
import type { Describing } from './describing.js';
import { describeParameter, type PathParameter, pathParameters } from './discovery-path.js';
import type { JsonSchema } from './json-schema.js';
import type { JsonContent, OpenApiOperation, Parameter, RequestBody } from './openapi-objects.js';
import { parameterSchema } from './parameter-schema.js';
import { queryParameters } from './query-parameters.js';

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
export function describeOperation(parts: OperationParts, describing: Describing): OpenApiOperation {
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
