/** Parts of a raw URL, not decoded. */
export interface RequestUrl {
  readonly segments: readonly string[];
  /** Text after the last colon of the last segment. Undefined if the segment has no colon. */
  readonly verb: string | undefined;
  /** Text after the first question mark. */
  readonly query: string;
}

/**
 * Splits a raw URL (`req.url` of `node:http`). `URL` is unsuitable because it resolves dot segments, even escaped
 * ones. The gateway would then match a different path than the one that a proxy authorized.
 *
 * @returns undefined if the path has an empty segment (including a trailing slash) or does not begin with a
 * slash. No template matches such a path.
 */
export function splitUrl(rawUrl: string): RequestUrl | undefined {
  const mark = rawUrl.indexOf('?');
  const path = mark < 0 ? rawUrl : rawUrl.slice(0, mark);
  const query = mark < 0 ? '' : rawUrl.slice(mark + 1);
  if (!path.startsWith('/')) return undefined;
  const colon = path.lastIndexOf(':');
  const hasVerb = colon > path.lastIndexOf('/');
  const verb = hasVerb ? path.slice(colon + 1) : undefined;
  const named = hasVerb ? path.slice(1, colon) : path.slice(1);
  const segments = named === '' ? [] : named.split('/');
  return segments.includes('') ? undefined : { segments, verb, query };
}
