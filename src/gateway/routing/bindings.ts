import { quoted } from '../../core/status.js';
import type { PathTemplate, TemplateVariable } from '../../schema/path-template.js';
import { malformedUrl } from '../http/malformed-request.js';
import { percentDecode, percentDecodeButSlashes } from './percent-encoding.js';

const CONTROL_CHARACTER = /\p{Cc}/u;
const DOT_SEGMENT = /(?:^|\/)\.\.?(?:\/|$)/;

/**
 * The values that a path gives to the variables of a template which matches it, by field path.
 *
 * @throws StatusError INVALID_ARGUMENT when any segment, bound or not, is no valid text or a dot segment.
 */
export function bindPath(template: PathTemplate, segments: readonly string[]): Map<string, string> {
  segments.forEach(checkSegment);
  const rest = template.segments.findIndex(({ kind }) => kind === '**');
  // How many segments more than itself `**` takes: -1 when it takes none.
  const surplus = segments.length - template.segments.length;
  const indexInPath = (index: number) => (rest >= 0 && index > rest ? index + surplus : index);
  return new Map(
    template.variables.map((variable) => {
      const bound = segments.slice(indexInPath(variable.start), indexInPath(variable.end));
      // checkSegment has seen to it that each can be decoded.
      const decode = isSingleSegment(template, variable) ? percentDecode : percentDecodeButSlashes;
      return [variable.fieldPath, bound.map(decode).join('/')];
    }),
  );
}

function isSingleSegment(template: PathTemplate, { start, end }: TemplateVariable): boolean {
  return end - start === 1 && template.segments[start]?.kind !== '**';
}

/**
 * Decoded in full, escaped slashes too, whatever the variable keeps of them: what is behind the gateway may
 * decode once more.
 */
function checkSegment(segment: string): void {
  const text = percentDecode(segment);
  if (text === undefined) {
    throw malformedUrl(
      `path segment ${quoted(segment)} cannot be decoded: write text as UTF-8, each byte that is escaped as %XX`,
    );
  }
  if (CONTROL_CHARACTER.test(text)) {
    throw malformedUrl(`path segment ${quoted(segment)} has a control character: leave it out`);
  }
  if (DOT_SEGMENT.test(text)) {
    throw malformedUrl(
      `path segment ${quoted(segment)} is a dot segment: write the path without "." and ".."`,
    );
  }
}
