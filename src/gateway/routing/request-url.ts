/** A raw URL, taken apart; nothing of it is decoded. */
export interface RequestUrl {
  readonly segments: readonly string[];
  /** What follows the last colon of the last segment; undefined when it has no colon. */
  readonly verb: string | undefined;
  /** What follows the first question mark. */
  readonly query: string;
}

/**
 * Takes a raw URL apart, as `req.url` of `node:http` has it. Not by `URL`, which folds dot segments, escaped
 * ones too, so that another path would be matched than the one that was authorized on the way.
 *
 * @returns undefined when it has an empty segment (a trailing slash makes one) or does not begin with a slash:
 * no template matches such a path.
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
