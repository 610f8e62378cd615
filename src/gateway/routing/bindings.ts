import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import { invalidField, quoted, type StatusError } from '../../core/status.js';
import type { PathTemplate, TemplateVariable } from '../../schema/path-template.js';
import { malformedUrl } from '../http/http-refusal.js';
import { percentDecode, percentDecodeButSlashes } from './request-url.js';

const CONTROL_CHARACTER = /\p{Cc}/u;
const DOT_SEGMENT = /(?:^|\/)\.\.?(?:\/|$)/;

/**
 * Values that a matching path gives to the variables of a template, by field path.
 *
 * @throws StatusError INVALID_ARGUMENT if any segment, bound or not, is invalid text or a dot segment.
 */
export function bindPath(template: PathTemplate, segments: readonly string[]): Map<string, string> {
  segments.forEach(checkSegment);
  const rest = template.segments.findIndex(({ kind }) => kind === '**');
  // Number of segments that `**` matches beyond one: -1 if it matches none.
  const surplus = segments.length - template.segments.length;
  const indexInPath = (index: number) => (rest >= 0 && index > rest ? index + surplus : index);
  return new Map(
    template.variables.map((variable) => {
      const bound = segments.slice(indexInPath(variable.start), indexInPath(variable.end));
      // checkSegment ensures that each can be decoded.
      const decode = isSingleSegment(template, variable) ? percentDecode : percentDecodeButSlashes;
      return [variable.fieldPath, bound.map(decode).join('/')];
    }),
  );
}

function isSingleSegment(template: PathTemplate, { start, end }: TemplateVariable): boolean {
  return end - start === 1 && template.segments[start]?.kind !== '**';
}

/**
 * Checks the fully decoded segment, including escaped slashes, because the server behind the gateway may decode
 * again.
 */
function checkSegment(segment: string): void {
  const text = percentDecode(segment);
  if (text === undefined) {
    throw malformedUrl(
      `path segment ${quoted(segment)} cannot be decoded: encode text as UTF-8 and escape bytes as %XX`,
    );
  }
  if (CONTROL_CHARACTER.test(text)) {
    throw malformedUrl(`path segment ${quoted(segment)} has a control character: remove it`);
  }
  if (DOT_SEGMENT.test(text)) {
    throw malformedUrl(
      `path segment ${quoted(segment)} is a dot segment: write the path without "." and ".."`,
    );
  }
}

/** Fields within a field, by JSON name. */
interface FieldTree extends Map<string, FieldTree> {}

/**
 * Fields that a path binds. A query that also sets one of them could contradict the path, which decided the
 * authorization.
 */
export class BoundFields {
  readonly #tree: FieldTree = new Map();

  /** @param fieldPaths - in the form of templates: `aws_cluster.name`. */
  constructor(fieldPaths: Iterable<string>) {
    for (const path of fieldPaths) {
      let tree = this.#tree;
      for (const name of jsonNames(path)) {
        const inner = tree.get(name) ?? new Map();
        tree.set(name, inner);
        tree = inner;
      }
    }
  }

  /**
   * Returns true if a field is bound, contains a bound field or is inside one.
   *
   * @param fieldPath - in proto or camelCase names: `aws_cluster.name`, `awsCluster.name`.
   */
  overlaps(fieldPath: string): boolean {
    let tree = this.#tree;
    for (const name of jsonNames(fieldPath)) {
      const inner = tree.get(name);
      if (!inner) return false;
      if (inner.size === 0) return true;
      tree = inner;
    }
    return true;
  }
}

/** Rejects a query parameter that the path also sets. */
export function boundInQuery(name: string): StatusError {
  const message = `query parameter ${quoted(name)} is set by the path: remove it from the query`;
  return invalidField(name, message);
}

function jsonNames(fieldPath: string): string[] {
  return fieldPath.split('.').map(protoCamelCase);
}
