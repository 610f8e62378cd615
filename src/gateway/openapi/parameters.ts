import type { DescField } from '@bufbuild/protobuf';
import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { type PathTemplate, patternOf, type TemplateVariable } from '../../schema/path-template.js';
import type { BoundFields } from '../routing/bindings.js';
import { isScalarInJson } from '../rules/rule-fields.js';
import type { JsonSchema, Parameter } from './objects.js';
import { type Describing, type MessageSchemas, scalarSchema } from './schemas.js';

/** Wildcard of a path template, which is a path parameter in OpenAPI. */
export interface PathParameter {
  /** Unique within the path. */
  readonly name: string;
  /** Variable that the wildcard belongs to. Undefined if it binds nothing. */
  readonly variable: TemplateVariable | undefined;
  /** `*` matches one segment, `**` any number of segments. */
  readonly kind: '*' | '**';
  /** True if the wildcard is one segment and the whole variable, as in `{name}`. */
  readonly isWhole: boolean;
  /** True if a variable begins with this wildcard. */
  readonly isFirst: boolean;
  /** True if a variable ends with this wildcard. */
  readonly isLast: boolean;
}

/**
 * Lists the wildcards of a template under the names that Google's Discovery documents use: from the preceding
 * literal, or from the field if the variable has no literal there. `{name=projects/*}` has `projectsId`, `{name}`
 * has `name`.
 */
export function pathParameters(template: PathTemplate): PathParameter[] {
  const taken = new Set<string>();
  return template.segments.flatMap(({ kind }, index) => {
    if (kind === 'literal') return [];
    const variable = template.variables.find(({ start, end }) => start <= index && index < end);
    const name = distinct(nameOf(template, index, variable), taken);
    taken.add(name);
    const isWhole = variable !== undefined && kind === '*' && variable.end - variable.start === 1;
    const [isFirst, isLast] = [variable?.start === index, variable?.end === index + 1];
    return [{ name, variable, kind, isWhole, isFirst, isLast }];
  });
}

/** Writes a template as an OpenAPI path with these parameter names: `/v1/operations/{operationsId}:cancel`. */
export function openApiPath(template: PathTemplate, names: readonly string[]): string {
  const rest = names.values();
  const segments = template.segments.map((segment) =>
    segment.kind === 'literal' ? segment.text : `{${rest.next().value ?? ''}}`,
  );
  return `/${segments.join('/')}${template.verb === undefined ? '' : `:${template.verb}`}`;
}

/** Describes the values that a path parameter accepts. */
export function describeParameter(template: PathTemplate, { variable, kind }: PathParameter): string {
  const many = kind === '**' ? ' Any number of segments, including slashes.' : '';
  if (!variable) return `Any text. The server ignores it.${many}`;
  const pattern = patternOf(template, variable);
  const field = `\`${variable.fieldPath}\``;
  return pattern === kind
    ? `The field ${field}.${many}`
    : `Part of the field ${field}, \`${pattern}\`.${many}`;
}

function nameOf({ segments }: PathTemplate, index: number, variable: TemplateVariable | undefined): string {
  const before = segments[index - 1];
  const isWithin = variable === undefined || index > variable.start;
  const word = isWithin && before?.kind === 'literal' ? asIdentifier(before.text) : '';
  if (word !== '') return `${word}Id`;
  return variable ? variable.fieldPath.split('.').map(protoCamelCase).join('.') : 'segment';
}

/** Converts `node-pools` to `nodePools`. */
function asIdentifier(literal: string): string {
  const words = literal
    .replace(/%[0-9A-Fa-f]{2}/g, ' ')
    .split(/[^A-Za-z0-9_]+/)
    .filter(Boolean);
  return words
    .map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
}

function distinct(name: string, taken: ReadonlySet<string>): string {
  let candidate = name;
  for (let count = 1; taken.has(candidate); count++) candidate = `${name}${count}`;
  return candidate;
}

/** Schema of a field as a path or query parameter, where null does not exist. */
export function parameterSchema(field: DescField, schemas: MessageSchemas): JsonSchema {
  const isWrapper = field.message && isWrapperDesc(field.message);
  const item = isWrapper ? scalarSchema(field.message.fields[0].scalar) : schemas.ofItem(field);
  return field.fieldKind === 'list' ? { type: 'array', items: item } : item;
}

/** Omitted because every location is always reachable. The server answers 501 if the field is set (contract 30). */
const PARTIAL_SUCCESS = 'google.longrunning.ListOperationsRequest.return_partial_success';

/**
 * Lists the request fields that a query can set: scalars in JSON and lists of them, at any depth, with names
 * joined by dots. A recursive message is entered once.
 *
 * @param bound - fields that the path binds.
 */
export function queryParameters(
  fields: readonly DescField[],
  bound: BoundFields,
  describing: Describing,
): Parameter[] {
  const visit = (field: DescField, outer: readonly DescField[]): Parameter[] => {
    if (`${field.parent.typeName}.${field.name}` === PARTIAL_SUCCESS) return [];
    const path = [...outer, field];
    if (isQueryValue(field)) {
      const isBound = bound.overlaps(path.map(({ name }) => name).join('.'));
      return isBound ? [] : [queryParameter(field, path, describing)];
    }
    const type = field.fieldKind === 'message' ? field.message : undefined;
    if (!type || type.typeName.startsWith('google.protobuf.')) return [];
    const isRecursive = path.some(({ parent }) => parent === type);
    return isRecursive ? [] : type.fields.flatMap((inner) => visit(inner, path));
  };
  return fields.flatMap((field) => visit(field, []));
}

function queryParameter(
  field: DescField,
  path: readonly DescField[],
  { comments, schemas }: Describing,
): Parameter {
  const description = comments.of(field);
  return {
    name: path.map(({ jsonName }) => jsonName).join('.'),
    in: 'query',
    ...(description !== undefined && { description }),
    ...(field.deprecated && { deprecated: true }),
    schema: parameterSchema(field, schemas),
  };
}

function isQueryValue(field: DescField): boolean {
  if (field.fieldKind === 'map') return false;
  return field.message ? isScalarInJson(field.message) : true;
}
