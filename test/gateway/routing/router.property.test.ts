import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RouteRule } from '../../../src/gateway/routing/route-rule.js';
import { compileRoutes } from '../../../src/gateway/routing/router.js';
import { parseTemplate, shapeOf } from '../../../src/schema/path-template.js';
import { fuzzRuns } from '../../fuzz/fuzz-runs.js';
import { bruteForce } from './brute-force.js';

const DOTS = ['.', '..'];
const encoded = encodeURIComponent;

/** Part of a template with its notation, its text in a URL, and the value of its variable. */
interface Part {
  readonly template: string;
  readonly url: string;
  readonly value: string;
}

const literal: fc.Arbitrary<Part> = fc
  .stringMatching(/^[A-Za-z0-9._~!$&'()+,;=@-]{1,8}$/)
  .filter((text) => !DOTS.includes(text))
  .map((text) => ({ template: text, url: text, value: text }));
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((value) => value.isWellFormed() && !/\p{Cc}/u.test(value));
const segmentText = text.filter((value) => !value.includes('/') && !DOTS.includes(value));
const wildcard = segmentText.map((value): Part => ({ template: '*', url: encoded(value), value }));
const rest = fc.array(segmentText, { maxLength: 3 }).map((values): Part => {
  return { template: '**', url: values.map(encoded).join('/'), value: values.join('/') };
});
/** Variable of one segment, which may contain slashes. */
const slashedVariable = fc
  .tuple(
    fc.constantFrom('', '=*'),
    text.filter((value) => !value.split('/').some((part) => DOTS.includes(part))),
  )
  .map(([pattern, value]): Part => ({ template: pattern, url: encoded(value), value }));

const manyParts = fc.array(fc.oneof(literal, wildcard), { minLength: 2, maxLength: 4 });
const restParts = fc
  .tuple(fc.array(fc.oneof(literal, wildcard), { maxLength: 2 }), rest, fc.array(literal, { maxLength: 2 }))
  .map(([before, part, after]) => [...before, part, ...after]);
const variable = (parts: fc.Arbitrary<readonly Part[]>) =>
  parts.map((several): Part => {
    const join = (of: keyof Part) =>
      several
        .filter((part) => part[of] !== '')
        .map((part) => part[of])
        .join('/');
    return { template: `=${join('template')}`, url: join('url'), value: join('value') };
  });

type Piece = { readonly bound: boolean; readonly part: Part };
const bound = (parts: fc.Arbitrary<Part>) => parts.map((part): Piece => ({ bound: true, part }));
const free = (parts: fc.Arbitrary<Part>) => parts.map((part): Piece => ({ bound: false, part }));
const single = fc.oneof(
  free(literal),
  free(wildcard),
  bound(slashedVariable),
  bound(variable(manyParts)),
  bound(variable(literal.map((part) => [part]))),
);
const whole = fc
  .tuple(
    fc.array(single, { maxLength: 4 }),
    fc.option(fc.oneof(free(rest), bound(variable(restParts)))),
    fc.array(fc.oneof(free(literal), bound(variable(literal.map((part) => [part])))), { maxLength: 2 }),
    fc.option(literal),
  )
  .filter(([before, middle, after]) => before.length + after.length > 0 || middle !== null)
  .map(([before, middle, after, verb]) => render([...before, ...(middle ? [middle] : []), ...after], verb));

function render(pieces: readonly Piece[], verb: Part | null) {
  const suffix = verb ? `:${verb.template}` : '';
  const names = pieces.map((_, index) => (index % 2 === 0 ? `field_${index}` : `f${index}.inner`));
  const template = pieces.map((piece, index) =>
    piece.bound ? `{${names[index]}${piece.part.template}}` : piece.part.template,
  );
  const url = pieces.map(({ part }) => part.url).filter((piece) => piece !== '');
  const bindings = pieces.flatMap((piece, index) => (piece.bound ? [[names[index], piece.part.value]] : []));
  return {
    template: `/${template.join('/')}${suffix}`,
    url: `/${url.join('/')}${suffix}`,
    bindings: Object.fromEntries(bindings),
  };
}

describe('any template', () => {
  it('matches its URL with any bindings and returns them', () => {
    fc.assert(
      fc.property(whole, ({ template, url, bindings }) => {
        const { match } = compileRoutes([{ httpMethod: 'GET', template }]);
        expect(match('GET', url)).toStrictEqual({ route: 0, bindings, query: {} });
      }),
      fuzzRuns(2000),
    );
  });

  it('matches its URL with any query and returns the parameters in order', () => {
    const parameters = fc.array(fc.tuple(text, text), { maxLength: 5 });
    fc.assert(
      fc.property(whole, parameters, ({ template, url }, pairs) => {
        const { match } = compileRoutes([{ httpMethod: 'GET', template }]);
        const query = pairs.map(([name, value]) => `q.${encoded(name)}=${encoded(value)}`).join('&');
        const expected = Map.groupBy(pairs, ([name]) => `q.${name}`);
        expect(match('GET', `${url}?${query}`)).toMatchObject({
          query: Object.fromEntries(
            Array.from(expected, ([name, all]) => [name, all.map(([, value]) => value)]),
          ),
        });
      }),
    );
  });
});

/** Few letters, so that templates and paths often match. */
const templates = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 4 }),
    fc.constantFrom([], [], ['**']),
    fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }),
    fc.constantFrom('', '', '', ':a'),
  )
  .filter(([before, middle, after]) => before.length + middle.length + after.length > 0)
  .map(([before, middle, after, verb]) => `/${[...before, ...middle, ...after].join('/')}${verb}`);
const tables: fc.Arbitrary<RouteRule[]> = fc.uniqueArray(
  fc.record({ httpMethod: fc.constantFrom('GET', 'POST', 'HEAD', '*'), template: templates }),
  {
    minLength: 1,
    maxLength: 12,
    selector: ({ httpMethod, template }) => `${httpMethod} ${shapeOf(parseTemplate(template))}`,
  },
);

describe('any routing table', () => {
  it('matches like trying its rules one by one in order of precedence (rules 4, 6)', () => {
    const paths = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 6 });
    const methods = fc.constantFrom('GET', 'POST', 'HEAD', 'PUT');
    fc.assert(
      fc.property(tables, methods, paths, fc.constantFrom(undefined, 'a'), (rules, method, path, verb) => {
        const expected = bruteForce(rules, method, path, verb);
        expect(
          compileRoutes(rules).match(method, `/${path.join('/')}${verb ? `:${verb}` : ''}`),
        ).toMatchObject(expected);
      }),
      fuzzRuns(3000),
    );
  });

  it('handles any method and URL without throwing', () => {
    const pieces = fc.constantFrom(
      '/',
      'a',
      'b',
      '*',
      '.',
      '%',
      '%2F',
      '%2e',
      '%C3',
      ':',
      '?',
      '&',
      '=',
      '+',
      '\0',
      '\uD800',
      'é',
    );
    const urls = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 16 }).map((parts) => `/${parts.join('')}`),
    );
    const methods = fc.oneof(fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', '*'), fc.string());
    fc.assert(
      fc.property(tables, methods, urls, (rules, method, url) => {
        const result = compileRoutes(rules).match(method, url);
        if ('route' in result) expect(result.route).toBeLessThan(rules.length);
        else expect([400, 404, 405]).toContain(result.status);
      }),
      fuzzRuns(3000),
    );
  });
});
