import { quoted } from '../../status.js';

/**
 * Which resource names a binding is for: `projects/p/**`. A segment is text, or `*` for any one segment; the last may be `**`
 * for any number of them, none too.
 */
export class ResourcePattern {
  readonly #segments: readonly string[];
  readonly #hasRest: boolean;

  /** @param pattern - without faults. */
  constructor(pattern: string) {
    const segments = pattern.split('/');
    this.#hasRest = segments.at(-1) === '**';
    this.#segments = this.#hasRest ? segments.slice(0, -1) : segments;
  }

  covers(name: string): boolean {
    const segments = name.split('/');
    const fits = this.#hasRest
      ? segments.length >= this.#segments.length
      : segments.length === this.#segments.length;
    return fits && this.#segments.every((wanted, index) => wanted === '*' || wanted === segments[index]);
  }
}

/** What is wrong with a pattern, and what to do. */
export function patternFault(pattern: string): string | undefined {
  for (const [index, segment] of pattern.split('/').entries()) {
    const fault = segmentFault(segment, index === pattern.split('/').length - 1);
    if (fault) return `pattern ${quoted(pattern)} is malformed: ${fault}`;
  }
  return undefined;
}

function segmentFault(segment: string, isLast: boolean): string | undefined {
  if (segment === '') return 'it has an empty segment: put single slashes between segments only';
  if (segment === '**') return isLast ? undefined : 'something follows "**": put it at the end';
  if (segment === '*') return undefined;
  if (segment.includes('*')) return `"*" is only a part of ${quoted(segment)}: give it a segment of its own`;
  if (segment === '-') return '"-" is a wildcard of lists: write "*" for any one segment';
  if (segment === '.' || segment === '..') return `it has the segment "${segment}"`;
  return undefined;
}
