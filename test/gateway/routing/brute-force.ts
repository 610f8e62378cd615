import type { RouteRule } from '../../../src/gateway/routing/route-rule.js';
import { type PathTemplate, parseTemplate } from '../../../src/schema/path-template.js';

/** Match of a path segment, in the rank order of REST.md: an end, a literal, `*`, `**`. */
const END = 0;
const LITERAL = 1;
const WILDCARD = 2;
const REST = 3;

/** Choices from the root to the end of a template for a path. Undefined if it does not match. */
function choices({ segments }: PathTemplate, path: readonly string[]): number[] | undefined {
  const rest = segments.findIndex(({ kind }) => kind === '**');
  const taken = path.length - segments.length + 1;
  if (rest < 0 ? taken !== 1 : taken < 0) return undefined;
  const made: number[] = [];
  for (const [index, segment] of segments.entries()) {
    const text = path[rest >= 0 && index > rest ? index + taken - 1 : index];
    if (segment.kind === 'literal' && segment.text !== text) return undefined;
    if (segment.kind === 'literal') made.push(LITERAL);
    else if (segment.kind === '*') made.push(WILDCARD);
    else made.push(REST, ...Array.from({ length: taken }, () => REST));
  }
  return [...made, END];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((choice, at) => choice !== b[at]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}

/** Reference implementation: tries the rules one by one as REST.md defines. */
export function bruteForce(
  rules: readonly RouteRule[],
  method: string,
  path: readonly string[],
  verb: string | undefined,
) {
  const matching = rules.flatMap(({ httpMethod, template }, route) => {
    const parsed = parseTemplate(template);
    const rank = parsed.verb === verb ? choices(parsed, path) : undefined;
    return rank ? { httpMethod, route, rank } : [];
  });
  const preferred = [method, ...(method === 'HEAD' ? ['GET'] : []), '*'];
  const [best] = matching
    .filter(({ httpMethod }) => preferred.includes(httpMethod))
    .sort(
      (a, b) => compare(a.rank, b.rank) || preferred.indexOf(a.httpMethod) - preferred.indexOf(b.httpMethod),
    );
  if (best) return { route: best.route };
  if (matching.length === 0) return { status: 404 };
  return { status: 405, allow: [...new Set(matching.map(({ httpMethod }) => httpMethod))].sort() };
}
