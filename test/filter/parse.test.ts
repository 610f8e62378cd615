import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { checkFilter } from '../../src/filter/check.js';
import { type Expression, parseFilter } from '../../src/filter/parse.js';

/** Formats an expression with all possible parentheses. */
function explicit(expression: Expression | undefined): string {
  switch (expression?.kind) {
    case undefined:
      return '';
    case 'and':
    case 'or':
      return `(${expression.operands.map(explicit).join(expression.kind === 'and' ? ' & ' : ' | ')})`;
    case 'not':
      return `!${explicit(expression.operand)}`;
    case 'restriction': {
      const { path, comparator, value } = expression;
      return `${path.map(({ name }) => name).join('.')}${comparator}${value.text}`;
    }
  }
}

describe('parsing a filter', () => {
  it.each([
    ['', ''],
    [' \t\n', ''],
    ['a=1', 'a=1'],
    [' a  >=  1 ', 'a>=1'],
    ['a=1 AND b=2 OR c=3', '(a=1 & (b=2 | c=3))'],
    ['a=1 OR b=2 AND c=3', '((a=1 | b=2) & c=3)'],
    ['a=1 b=2 OR c=3 d=4', '(a=1 & (b=2 | c=3) & d=4)'],
    ['a=1 b=2 AND c=3', '(a=1 & b=2 & c=3)'],
    ['(a=1 AND b=2) OR c=3', '((a=1 & b=2) | c=3)'],
    ['(a=1)OR(b=2)AND(c=3)', '((a=1 | b=2) & c=3)'],
    ['NOT a=1 OR -b=2', '(!a=1 | !b=2)'],
    ['NOT (a=1 OR b=2)', '!(a=1 | b=2)'],
    ['NOT(NOT(a=1))', '!!a=1'],
    ['a=1 -b=2', '(a=1 & !b=2)'],
    ['a=-1 b=-2.5e-3', '(a=-1 & b=-2.5e-3)'],
    ['a=(1 OR 2)', '(a=1 | a=2)'],
    ['a:(1 AND NOT 2)', '(a:1 & !a:2)'],
    ['a=(-1 OR -2) b=3', '((a=-1 | a=-2) & b=3)'],
    ['a=((x y OR z))', '(a=x & (a=y | a=z))'],
    ['a.AND.NOT=1', 'a.AND.NOT=1'],
    ['a."b.c".\'d e\'=1', 'a.b.c.d e=1'],
    ['a=and b=not', '(a=and & b=not)'],
    ['a=projects/-/locations/*', 'a=projects/-/locations/*'],
    ['a=type.googleapis.com/x.Y', 'a=type.googleapis.com/x.Y'],
    ['a>2012-04-21T11:30:00-04:00 b=1', '(a>2012-04-21T11:30:00-04:00 & b=1)'],
    ['a=2012-04-21T11:30:00.5Z', 'a=2012-04-21T11:30:00.5Z'],
    ['a="x \\"y\\" \\\\ \\n"', 'a=x "y" \\ \n'],
    ["a='x \"y\" \\''", 'a=x "y" \''],
  ])('%s (contract 29)', (filter, expected) => {
    expect(explicit(parseFilter(filter))).toBe(expected);
  });

  it.each([
    ['a', 1, /"a": a value alone is not searched for; .*Fields: name, done/],
    ['"two words"', 1, /not searched for/],
    ['done=true and name=x', 11, /"and": operators are upper case; write AND/],
    ['regex(name)', 1, /functions are not supported/],
    ['name = lower(x)', 8, /functions are not supported/],
    ['= 1', 1, /expected a field/],
    ['AND done=true', 1, /"AND": expected a field/],
    ['done=true AND', 14, /its end: expected a field/],
    ['done=true OR OR done=true', 14, /"OR": expected a field/],
    ['done=', 6, /its end: expected a value/],
    ['done==true', 6, /"=": expected a value/],
    ['done=AND', 6, /"AND": expected a value/],
    ['name=-', 6, /"-": expected a value/],
    ['name=a:b', 7, /put the value in quotes/],
    ['name=a,b', 7, /",": expected a field/],
    ['(done=true', 11, /its end: expected AND, OR or "\)"/],
    ['done=true)', 10, /"\)": expected AND, OR or the end/],
    ['()', 2, /expected a field/],
    ['name=()', 7, /expected a value/],
    ['name!=(a OR b)', 7, /write NOT FIELD = \(A OR B\)/],
    ['NOT NOT done=true', 5, /"NOT": expected a field/],
    ['metadata.=1', 10, /"=": expected a name/],
    ['name="x', 6, /the string is not terminated/],
    ['name="a\\d"', 8, /"\\\\d": unknown escape/],
    ['name!x', 5, /write != for/],
    ['"é😀"."é" = 1 !', 14, /"!"/],
    ['nme=x', 1, /an operation has no such field; did you mean name\?/],
    ['Name=x', 1, /did you mean name\?/],
    ['name.x=1', 6, /"name" has no such field/],
    ['error.cod=1', 7, /"error" has no such field; did you mean code\?/],
    ['error.code.x=1', 12, /"error.code" has no such field/],
    ['error:details', 7, /"error" has no such field; it has code, message/],
    ['metadata.@type.x=1', 16, /"metadata.@type" has no such field/],
    ['response.uri=x', 10, /"response" has no such field; leave it out/],
    ['error=5', 6, /write error:\*/],
    ['done=5', 6, /"5" with "done": it is not a boolean; write true or false/],
    ['done=*', 6, /no wildcards/],
    ['done>=true', 5, /no order/],
    [
      'create_time > yesterday',
      15,
      /"yesterday" with "create_time": it is not a time; write an RFC 3339 time/,
    ],
    ['createTime > 2030-01-31', 14, /it is not a time/],
    ['end_time = 2030-01-31T25:00:00Z', 12, /it is not a time/],
    ['end_time = "2030*"', 12, /no wildcards/],
    ['error.code=CANCELED', 12, /write CANCELLED or 1/],
    ['error.code=1.5', 12, /an error code is a name or a number/],
    ['error.code=99999999999', 12, /an error code is a name or a number/],
    ['name="a*b"', 6, /at the ends only/],
    ['name>a*', 5, /a wildcard has no order/],
  ])('rejects %s at column %i (contract 29, 32)', (filter, column, message) => {
    const check = () => checkFilter(filter, { metadata: [ReportMetadata], response: [] });
    expect(check).toThrow(message);
    expect(check).toThrow(`filter is wrong at column ${column}, `);
  });

  it('accepts the examples of docs/filters.md and reports the errors there (contract 29)', () => {
    const document = readFileSync('docs/filters.md', 'utf8');
    const [, section = ''] = document.split('## Examples');
    const [table = ''] = section.split('## ');
    const examples = Array.from(table.matchAll(/^\| .*\| `(.*)` \|$/gm));
    expect(examples.length).toBeGreaterThan(8);
    for (const [, filter = ''] of examples) expect(parseFilter(filter)).toBeDefined();
    const errors = Array.from(document.matchAll(/^filter is wrong at .*$/gm), ([error]) => error);
    const wrong = ['metadata.progres_percent = 1', 'create_time > yesterday'];
    expect(errors).toHaveLength(wrong.length);
    for (const [index, filter] of wrong.entries()) {
      const check = () => checkFilter(filter, { metadata: [ReportMetadata], response: [] });
      expect(check).toThrow(errors[index]);
    }
  });
});
