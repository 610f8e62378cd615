import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openApiPath, pathParameters } from '../../../src/gateway/openapi/parameters.js';
import { compileRoutes } from '../../../src/gateway/routing/router.js';
import { parseTemplate } from '../../../src/schema/path-template.js';

const literal = fc.oneof(
  fc.constantFrom('v1', 'projects', 'node-pools', '~', '%20', 'name', 'segment', 'a'),
  fc.stringMatching(/^[A-Za-z0-9._~!$&'()+,;=@-]{1,6}$/).filter((text) => !['.', '..'].includes(text)),
);
const segments = fc.array(fc.oneof(literal, fc.constant('*')), { minLength: 1, maxLength: 4 });
/** Plain segments, or a variable over them. `field` makes its name unique. */
const piece = fc.record({ isBound: fc.boolean(), segments });
const template = fc
  .record({
    pieces: fc.array(piece, { minLength: 1, maxLength: 4 }),
    rest: fc.constantFrom('', '/**', '/{rest=**}', '/{rest=a/**}'),
    verb: fc.constantFrom('', ':cancel'),
  })
  .map(({ pieces, rest, verb }) => {
    const texts = pieces.map(({ isBound, segments: parts }, index) =>
      isBound ? `{name.field_${index}=${parts.join('/')}}` : parts.join('/'),
    );
    return `/${texts.join('/')}${rest}${verb}`;
  });

describe('the OpenAPI path of any template', () => {
  it('has a distinct parameter for each wildcard, and is routed back to the template', () => {
    fc.assert(
      fc.property(template, (text) => {
        const parsed = parseTemplate(text);
        const names = pathParameters(parsed).map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        expect(names).toHaveLength(parsed.segments.filter(({ kind }) => kind !== 'literal').length);
        const path = openApiPath(parsed, names);
        expect(Array.from(path.matchAll(/\{([^{}]*)\}/g), ([, name]) => name)).toEqual(names);
        const { match } = compileRoutes([{ httpMethod: 'GET', template: text }]);
        expect(match('GET', path.replaceAll(/\{[^{}]*\}/g, 'x'))).toMatchObject({ route: 0 });
      }),
    );
  });
});
