import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import { type PathTemplate, patternOf, type TemplateVariable } from '../../schema/path-template.js';

/** A wildcard of a template, which is a parameter of the path in OpenAPI. */
export interface PathParameter {
  /** Of its own in the path. */
  readonly name: string;
  /** The variable that it is of; undefined: it binds nothing. */
  readonly variable: TemplateVariable | undefined;
  /** Whether it is one segment, or any number. */
  readonly kind: '*' | '**';
  /** Whether it is one segment, and all of the variable: `{name}`. */
  readonly isWhole: boolean;
  /** True if a variable begins with it. */
  readonly isFirst: boolean;
  /** True if a variable ends with it. */
  readonly isLast: boolean;
}

/**
 * The wildcards of a template, named as Google's Discovery names them: by the literal before, or by the field if
 * the variable has none there. `{name=projects/*}` has `projectsId`, `{name}` has `name`.
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

/** A template as OpenAPI writes paths, with these names for its wildcards: `/v1/operations/{operationsId}:cancel`. */
export function openApiPath(template: PathTemplate, names: readonly string[]): string {
  const rest = names.values();
  const segments = template.segments.map((segment) =>
    segment.kind === 'literal' ? segment.text : `{${rest.next().value ?? ''}}`,
  );
  return `/${segments.join('/')}${template.verb === undefined ? '' : `:${template.verb}`}`;
}

/** What `{name}` takes, for people to read. */
export function describeParameter(template: PathTemplate, { variable, kind }: PathParameter): string {
  const many = kind === '**' ? ' Any number of segments, slashes and all.' : '';
  if (!variable) return `Any text: it is not read.${many}`;
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

/** `node-pools` as `nodePools`. */
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
