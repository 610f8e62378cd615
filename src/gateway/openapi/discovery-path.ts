import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import { type PathTemplate, patternOf, type TemplateVariable } from '../../schema/path-template.js';

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
