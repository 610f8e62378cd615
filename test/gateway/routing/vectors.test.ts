import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { RouteRule } from '../../../src/gateway/routing/route-rule.js';
import { compileRoutes } from '../../../src/gateway/routing/router.js';
import { parseTemplate } from '../../../src/schema/path-template.js';

interface Vector {
  readonly id: string;
  readonly suite: string;
  readonly kind: 'match' | 'template';
  readonly routes?: readonly RouteRule[];
  readonly template?: string;
  readonly httpMethod?: string;
  readonly path?: string;
  readonly expect: { readonly valid?: boolean; readonly route?: number; readonly query?: object };
}

const vectors: readonly Vector[] = JSON.parse(readFileSync('test/vectors/transcoding.json', 'utf8'));

function result({ kind, routes = [], template, httpMethod = '', path = '' }: Vector): object {
  if (kind === 'match') return compileRoutes(routes).match(httpMethod, path);
  try {
    compileRoutes(routes);
    if (template !== undefined) parseTemplate(template);
    return { valid: true };
  } catch {
    return { valid: false };
  }
}

function expectation({ expect: expected }: Vector): object {
  return expected.route === undefined ? expected : { query: {}, ...expected };
}

describe('transcoding vectors', () => {
  it.each(vectors.map((vector) => [vector.id, vector.suite, vector] as const))(
    '%s › %s',
    (...[, , vector]) => {
      expect(result(vector)).toStrictEqual(expectation(vector));
    },
  );
});
