import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HttpRuleError } from '../../src/gateway/index.js';
import { parseTemplate } from '../../src/schema/path-template.js';
import { fuzzRuns } from '../fuzz/fuzz-runs.js';

describe('path template', () => {
  it('consists of segments, variables over ranges of segments, and a verb', () => {
    expect(parseTemplate('/v1/{a.b=x/*}/y/{c}/{d=**}/z:verb')).toEqual({
      segments: [
        { kind: 'literal', text: 'v1' },
        { kind: 'literal', text: 'x' },
        { kind: '*' },
        { kind: 'literal', text: 'y' },
        { kind: '*' },
        { kind: '**' },
        { kind: 'literal', text: 'z' },
      ],
      variables: [
        { fieldPath: 'a.b', start: 1, end: 3 },
        { fieldPath: 'c', start: 4, end: 5 },
        { fieldPath: 'd', start: 5, end: 6 },
      ],
      verb: 'verb',
    });
  });

  it('accepts any text of a URL path except colons and asterisks as a literal', () => {
    const literals = ["-._~!$&'()+,;=@", '%2F%2a', '.', 'a=b'];
    const { segments, verb } = parseTemplate(`/${literals.join('/')}:%2c=`);
    expect(segments).toEqual(literals.map((text) => ({ kind: 'literal', text })));
    expect(verb).toBe('%2c=');
  });

  it('treats an equals sign in the segments of a variable as text', () => {
    expect(parseTemplate('/{a=b=c}').segments).toEqual([{ kind: 'literal', text: 'b=c' }]);
  });

  it.each([
    ['', 1, 'does not begin with a slash'],
    ['v1/a', 1, 'does not begin with a slash'],
    ['/', 2, 'a segment is empty'],
    ['//a', 2, 'a segment is empty'],
    ['/a/', 4, 'a segment is empty'],
    ['/a//b', 4, 'a segment is empty'],
    ['/a/:verb', 4, 'a segment is empty'],
    ['/{a=}', 5, 'a segment is empty'],
    ['/{a=/b}', 5, 'a segment is empty'],
    ['/{a=b/}', 7, 'a segment is empty'],
    ['/{}', 3, 'a field path is missing'],
    ['/{1a}', 3, 'a field path is missing'],
    ['/{*}', 3, 'a field path is missing'],
    ['/{ a}', 3, 'a field path is missing'],
    ['/{a.}', 4, 'a variable does not end here'],
    ['/{a.1}', 4, 'a variable does not end here'],
    ['/{a', 4, 'a variable does not end here'],
    ['/{a=b', 6, 'a variable does not end here'],
    ['/{a=b:c}', 6, 'a variable does not end here'],
    ['/{a=**x}', 7, 'a variable does not end here'],
    ['/{a=b/{c}}', 7, 'a variable is nested'],
    ['/{a}/{a}', 7, 'variable "a" occurs twice'],
    ['/{a}/{b=c/*}/{a=*}', 15, 'variable "a" occurs twice'],
    ['/a{b}', 3, 'share a segment'],
    ['/{a}b', 5, 'share a segment'],
    ['/{a}{b}', 5, 'share a segment'],
    ['/a*', 3, 'share a segment'],
    ['/*a', 3, 'share a segment'],
    ['/***', 4, 'share a segment'],
    ['/a}', 3, '"}" cannot stand here'],
    ['/**/*', 5, 'a wildcard follows "**"'],
    ['/**/**', 5, 'a wildcard follows "**"'],
    ['/**/a/{b}', 9, 'a wildcard follows "**"'],
    ['/{a=**}/{b=c/*}', 14, 'a wildcard follows "**"'],
    ['/a b', 3, '" " cannot stand here'],
    ['/a?b', 3, '"?" cannot stand here'],
    ['/é', 2, '"é" cannot stand here'],
    ['/%2', 2, 'an escape is malformed'],
    ['/a%zz', 3, 'an escape is malformed'],
    ['/a:', 4, 'the verb is empty'],
    ['/a::b', 4, 'the verb is empty'],
    ['/a:*', 4, 'the verb is empty'],
    ['/a:b/c', 5, 'something follows the verb'],
    ['/a:b:c', 5, 'something follows the verb'],
  ])('rejects %j at character %i: %s (rule 1)', (template, position, reason) => {
    const parse = () => parseTemplate(template);
    expect(parse).toThrow(HttpRuleError);
    expect(parse).toThrow(`path template ${JSON.stringify(template)} is invalid at character ${position}: `);
    expect(parse).toThrow(reason);
  });

  it('is parsed or rejected with HttpRuleError, for any input', () => {
    const pieces = fc.constantFrom('/', '{', '}', '=', '*', '**', ':', '.', 'a', 'b.c', '%', '%2F', ' ', 'é');
    const templates = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
    );
    fc.assert(
      fc.property(templates, (template) => {
        try {
          expect(parseTemplate(template).segments).not.toHaveLength(0);
        } catch (thrown) {
          if (!(thrown instanceof HttpRuleError)) throw thrown;
        }
      }),
      fuzzRuns(2000),
    );
  });
});
