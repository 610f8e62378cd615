import { quoted } from '../../core/status.js';
import type { PathTemplate, TemplateVariable } from '../../schema/path-template.js';
import { malformedUrl } from '../http/malformed-request.js';
import { percentDecode, percentDecodeButSlashes } from './percent-encoding.js';

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
