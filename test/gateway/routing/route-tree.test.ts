import { describe, expect, it } from '@jest/globals';
import { splitUrl } from '../../../src/gateway/routing/request-url.js';
import { endOf, matchingEnds, TreeNode } from '../../../src/gateway/routing/route-tree.js';
import { compileRoutes } from '../../../src/gateway/routing/router.js';
import { parseTemplate } from '../../../src/schema/path-template.js';

const RULES = 10_000;
const URL_LENGTH = 8192;

const repeated = (segment: string, count: number) => `/${segment}`.repeat(count);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Rules that invite backtracking but leave one choice per segment. */
const ONE_WAY: Readonly<Record<string, () => readonly string[]>> = {
  'differ in their tails': () => upTo(RULES).map((index) => `/*/*/*/tail${index}`),
  'differ in their heads': () => upTo(RULES).map((index) => `/head${index}/*/*/*`),
  'differ in their depth': () => upTo(200).map((depth) => repeated('*', depth + 1)),
  'are as deep as a URL can be': () => [repeated('*', URL_LENGTH / 2)],
};

/** Rules that leave many choices. */
const MANY_WAYS: Readonly<Record<string, () => readonly string[]>> = {
  'have "a" or * at each of 13 segments': () =>
    upTo(2 ** 13).map((bits) =>
      upTo(13)
        .map((bit) => ((bits >> bit) & 1 ? '/a' : '/*'))
        .join(''),
    ),
  'have ** at any of 50 depths, and up to 50 literals after it': () =>
    upTo(2500).map((index) => `${repeated('*', index % 50)}/**${repeated('a', Math.floor(index / 50))}`),
  'have ** at the end of a long path': () => [repeated('*', 1000), `${repeated('a', 1000)}/**`],
};

function treeOf(templates: readonly string[]): TreeNode {
  const root = new TreeNode();
  for (const [index, template] of templates.entries()) {
    endOf(root, parseTemplate(template).segments).set('GET', index);
  }
  return root;
}

function size({ literals, wildcard, rest }: TreeNode): number {
  const below = [...literals.values(), ...(wildcard ? [wildcard] : [])].map(size);
  return below.reduce((sum, count) => sum + count, 1 + (rest ? restSize(rest) : 0));
}

function restSize({ literals }: NonNullable<TreeNode['rest']>): number {
  return [...literals.values()].map(restSize).reduce((sum, count) => sum + count, 1);
}

/** Number of nodes visited by an exhaustive search, such as that for an unknown method. */
function visits(root: TreeNode, url: string): number {
  let count = 0;
  const ends = matchingEnds(root, splitUrl(url)?.segments ?? [], () => {
    count++;
  });
  expect(Array.from(ends).length).toBeLessThanOrEqual(count);
  return count;
}

describe('search', () => {
  const lengths = [2, 16, 64, 1024, URL_LENGTH];

  it.each(Object.entries(ONE_WAY))('visits one node per segment if rules %s', (_, templates) => {
    const root = treeOf(templates());
    for (const length of lengths) {
      expect(visits(root, repeated('a', length / 2))).toBeLessThanOrEqual(length / 2 + 1);
    }
  });

  it.each(Object.entries(MANY_WAYS))(
    'visits no node twice, and no more for a longer URL, if rules %s',
    (_, templates) => {
      const root = treeOf(templates());
      const most = size(root);
      for (const length of lengths) {
        expect(visits(root, repeated('a', length / 2))).toBeLessThanOrEqual(most);
        expect(visits(root, `${repeated('a', length / 2)}/b`)).toBeLessThanOrEqual(most);
      }
      expect(visits(root, repeated('a', URL_LENGTH))).toBe(visits(root, repeated('a', URL_LENGTH / 2)));
    },
  );

  it('visits only the rules with the verb of the URL', () => {
    const { match } = compileRoutes(
      upTo(RULES).map((index) => ({ httpMethod: 'POST', template: `/{name=**}:verb${index}` })),
    );
    const url = repeated('a', URL_LENGTH / 2);
    expect(match('POST', `${url}:verb9999`)).toMatchObject({ route: 9999 });
    expect(match('GET', `${url}:verb9999`)).toEqual({ status: 405, allow: ['POST'] });
    expect(match('POST', `${url}:verb10000`)).toEqual({ status: 404 });
  });

  it('handles paths of any length: 200,000 segments do not overflow the stack', () => {
    const deep = 20_000;
    const { match } = compileRoutes([
      { httpMethod: 'GET', template: `${repeated('*', deep)}/b` },
      { httpMethod: 'GET', template: '/{name=**}/b' },
    ]);
    expect(match('GET', `${repeated('a', deep)}/b`)).toMatchObject({ route: 0 });
    expect(match('GET', `${repeated('a', 200_000)}/b`)).toMatchObject({ route: 1 });
    expect(match('PUT', repeated('b', 200_000))).toEqual({ status: 405, allow: ['GET'] });
  });
});
