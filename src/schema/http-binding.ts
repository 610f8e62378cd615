import { parseTemplate, patternOf } from './path-template.js';

/** A field that an HTTP path takes its value from. */
export interface BoundField {
  /** As the path has it: `parent`, `aws_cluster.name`. */
  readonly path: string;
  /** What its value looks like: one or more segments, some of them `*`. */
  readonly pattern: string;
}

/** What one HTTP path binds, in the order of the path. */
export type PathBinding = readonly BoundField[];

/**
 * The fields that a path of `google.api.http` binds.
 *
 * @throws HttpRuleError when it is no path template.
 */
export function parseBinding(path: string): PathBinding {
  const template = parseTemplate(path);
  return template.variables.map((variable) => ({
    path: variable.fieldPath,
    pattern: patternOf(template, variable),
  }));
}

/** Whether a value is what a pattern says: `*` is one segment, `**` any number of them. */
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
