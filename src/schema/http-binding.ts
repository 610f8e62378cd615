import { parseTemplate, patternOf } from './path-template.js';

/** Field that is bound by a variable of an HTTP path. */
export interface BoundField {
  /** Field path as written in the template: `parent`, `aws_cluster.name`. */
  readonly path: string;
  /** Pattern of its value: one or more segments, some of them `*`. */
  readonly pattern: string;
}

/** Fields that one HTTP path binds, in path order. */
export type PathBinding = readonly BoundField[];

/**
 * Parses the fields that a path of `google.api.http` binds.
 *
 * @throws HttpRuleError if it is not a path template.
 */
export function parseBinding(path: string): PathBinding {
  const template = parseTemplate(path);
  return template.variables.map((variable) => ({
    path: variable.fieldPath,
    pattern: patternOf(template, variable),
  }));
}

/** Returns true if a value matches a pattern: `*` is one segment, `**` any number of segments. */
export function matchesPattern(pattern: string, value: string): boolean {
  return matches(pattern.split('/'), value === '' ? [] : value.split('/'));
}

function matches([wanted, ...rest]: readonly string[], segments: readonly string[]): boolean {
  if (wanted === undefined) return segments.length === 0;
  if (wanted === '**') {
    return segments.some((_, index) => matches(rest, segments.slice(index))) || matches(rest, []);
  }
  const [segment, ...others] = segments;
  const fits = wanted === '*' ? segment !== undefined && segment !== '' : segment === wanted;
  return fits && matches(rest, others);
}
