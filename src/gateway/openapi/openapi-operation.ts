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

/** A rule, with what the document makes of it. */
export interface OperationParts {
  readonly rule: HttpRule;
  readonly template: PathTemplate;
  readonly operationId: string;
  /** Names of the parameters of the path, which may be those of another rule on the same path. */
  readonly pathNames: readonly string[];
  /** What else is to be known of it. */
  readonly notes: readonly string[];
}

/** Where every operation refers to for its errors. */
const ERROR = { $ref: '#/components/responses/Error' };

/** Describes the call of an RPC by one HTTP rule. */
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
      200: { description: 'The answer.', content: json(responseSchema(rule, describing)) },
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

/** Text of a path, as the gateway takes it: not empty, no control characters, no dot segments. */
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
  // http.proto: where the body is all that the path does not bind, there is nothing left for the query.
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
  const description = 'What the path says may be left out, and may not be contradicted.';
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
