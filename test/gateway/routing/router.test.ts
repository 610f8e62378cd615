import { describe, expect, it } from '@jest/globals';
import { HttpRuleError } from '../../../src/gateway/index.js';
import { compileRoutes } from '../../../src/gateway/routing/router.js';

/** Compiles rules such as `GET /a/{x}`. */
function routes(...rules: string[]) {
  return compileRoutes(
    rules.map((rule) => {
      const [httpMethod = '', template = ''] = rule.split(' ');
      return { httpMethod, template };
    }),
  );
}

const get = (url: string, ...rules: string[]) => routes(...rules).match('GET', url);

describe('compileRoutes', () => {
  it.each([
    [['GET /a/{x}', 'GET /a/*']],
    [['GET /{x=a/*}/b', 'GET /a/{y}/b']],
    [['* /a/**:v', '* /{x=a/**}:v']],
  ])('rejects %j: same method and shape (rule 1)', (rules) => {
    expect(() => routes(...rules)).toThrow(HttpRuleError);
    expect(() => routes(...rules)).toThrow('match the same paths: remove one');
  });

  it('accepts the same shape for different methods, and shapes that differ only in an escape', () => {
    expect(() => routes('GET /a/*', 'PUT /a/*', '* /a/*', 'GET /%2a', 'GET /%2A')).not.toThrow();
  });

  it('rejects an invalid template and an invalid method', () => {
    expect(() => routes('GET /a/')).toThrow('path template "/a/" is invalid');
    expect(() => routes(' /a')).toThrow('rule of path template "/a" has the invalid HTTP method ""');
  });
});

describe('paths', () => {
  it.each(['', '*', '/a/', '//a', '/a//b', '//', 'http://host/a', '/a:', '/a/:', '/a%3Av', '/a:V', '/A'])(
    '%j is not found (rules 2, 3)',
    (url) => {
      expect(get(url, 'GET /a', 'GET /a:v', 'GET /a/*', 'GET /a/b')).toEqual({ status: 404 });
    },
  );

  it('/ has zero segments, also with a verb (rule 2)', () => {
    expect(get('/', 'GET /{x=**}')).toEqual({ route: 0, bindings: { x: '' }, query: {} });
    expect(get('/:v', 'GET /{x=**}:v')).toEqual({ route: 0, bindings: { x: '' }, query: {} });
    expect(get('/', 'GET /*')).toEqual({ status: 404 });
  });

  it('split the verb at the last colon of the last segment (rule 3)', () => {
    const rules = ['GET /{x=*}', 'GET /{x=*}:v', 'GET /{x=*}:w'];
    expect(get('/a:w:v', ...rules)).toMatchObject({ route: 1, bindings: { x: 'a:w' } });
    expect(get('/a%3Aw', ...rules)).toMatchObject({ route: 0, bindings: { x: 'a:w' } });
    expect(get('/a:v%20', ...rules)).toEqual({ status: 404 });
  });

  it.each([
    ['/a/b', ['/a/b/**', '/a/b', '/a/*', '/**'], 1],
    ['/a/b', ['/a/**/b', '/a/*', '/a/**'], 1],
    ['/a/b', ['/a/**/b', '/a/**'], 0],
    ['/a/b', ['/a/**', '/*/b'], 0],
    ['/a', ['/a/**', '/**/a', '/*'], 0],
    ['/a/x/c', ['/a/b/c', '/*/x/d', '/**/c'], 2],
    ['/x/y/z', ['/**/z', '/**/y/z', '/**'], 1],
    ['/z/z', ['/**/z', '/**'], 0],
  ])('%s matches the most specific of %j (rule 4)', (url, templates, route) => {
    const rules = templates.map((template) => `GET ${template}`);
    expect(get(url, ...rules)).toMatchObject({ route });
  });

  it.each([
    ['/%41', ['/A'], { status: 404 }],
    ['/A', ['/%41'], { status: 404 }],
    ['/%41', ['/%41'], { route: 0 }],
    ['/a%2f', ['/a%2F'], { status: 404 }],
    ['/%41', ['/A', '/{x}'], { route: 1, bindings: { x: 'A' } }],
    ['/a:%76', ['/a:v', '/{x}'], { status: 404 }],
    ['/a:%76', ['/a:%76'], { route: 0 }],
  ])('%s is compared with %j without unescaping (rule 2)', (url, templates, expected) => {
    expect(get(url, ...templates.map((template) => `GET ${template}`))).toMatchObject(expected);
  });

  it.each([
    ['/a', '/a/{x=**}', { x: '' }],
    ['/a/b/c', '/a/{x=**}', { x: 'b/c' }],
    ['/b', '/{x=**}/b', { x: '' }],
    ['/b/b', '/{x=**}/b', { x: 'b' }],
    ['/a/b:v', '/{x=a/**/b}:v', { x: 'a/b' }],
    ['/a/c/b:v', '/{x=a/**/b}:v', { x: 'a/c/b' }],
    ['/a/c/d/b', '/{x}/{y=*/**}/b', { x: 'a', y: 'c/d' }],
    ['/a/c/b', '/{x}/{y=*/**}/{z=b}', { x: 'a', y: 'c', z: 'b' }],
    ['/a:v', '/{x=a/**}:v', { x: 'a' }],
  ])('%s matched by %s: ** takes the remaining segments (rules 1, 4)', (url, template, bindings) => {
    expect(get(url, `GET ${template}`)).toEqual({ route: 0, bindings, query: {} });
  });

  it.each([
    ['/a/b', '/a/**/b/b'],
    ['/b', '/{x=*/**}/b'],
    ['/a/b:', '/a/**'],
    ['/a/:v', '/a/**:v'],
    ['/a//b', '/a/**'],
    ['/a/', '/a/**'],
    ['?x=1', '/**'],
    ['a/b', '/**'],
  ])('%s does not match %s: no segment is used twice or empty (rules 2, 4)', (url, template) => {
    expect(get(url, `GET ${template}`)).toEqual({ status: 404 });
  });

  it('preserve escaped slashes in multi-segment variables (rule 5)', () => {
    expect(get('/%2f%41/a%2F%2f%41', 'GET /{x}/{y=**}')).toMatchObject({
      bindings: { x: '/A', y: 'a%2F%2fA' },
    });
    expect(get('/a/%2F', 'GET /{x=a/*}')).toMatchObject({ bindings: { x: 'a/%2F' } });
    expect(get('/a%2Fb', 'GET /{x=a%2Fb}')).toMatchObject({ bindings: { x: 'a/b' } });
    expect(get('/%252F', 'GET /{x}')).toMatchObject({ bindings: { x: '%2F' } });
  });

  it.each([
    ['a%', 'malformed escape'],
    ['%C3%28', 'invalid UTF-8'],
    ['%ED%A0%80', 'half a surrogate pair'],
    ['%C0%AF', 'a slash of too many bytes'],
    ['%C3%2F%A9', 'a character cut by a slash'],
    ['%00', 'control character'],
    ['%7f', 'control character'],
    ['%C2%85', 'control character'],
    ['\t', 'control character'],
    ['\uD800', 'half a surrogate pair'],
    ['.', 'dot segment'],
    ['..', 'dot segment'],
    ['%2e', 'dot segment'],
    ['.%2E', 'dot segment'],
    ['a%2F..', 'dot segment made by decoding'],
    ['..%2fa', 'dot segment made by decoding'],
  ])('reject the segment %j: %s (rule 5)', (segment) => {
    for (const rule of ['/a/*/{x}', '/a/{x}/*', '/a/{x=*/*}', '/{x=**}', '/**', '/a/**/b']) {
      expect(get(`/a/${segment}/b`, `GET ${rule}`)).toEqual({ status: 400 });
    }
    expect(get(`/b/${segment}/c`, 'GET /a/**', 'GET /b/*')).toEqual({ status: 404 });
  });

  it('accept dots outside of dot segments, and names of Object members (rule 5)', () => {
    expect(get('/.../.a', 'GET /{x=**}')).toMatchObject({ bindings: { x: '.../.a' } });
    expect(get('/%252e%252e', 'GET /{x}')).toMatchObject({ bindings: { x: '%2e%2e' } });
    const { bindings } = get('/__proto__/b', 'GET /{__proto__}/{constructor}') as { bindings: object };
    expect(Object.entries(bindings)).toEqual([
      ['__proto__', '__proto__'],
      ['constructor', 'b'],
    ]);
  });
});

describe('methods', () => {
  it('HEAD falls back to GET unless it has a rule (rule 6)', () => {
    const table = routes('* /a', 'GET /a', 'GET /b', 'HEAD /b', '* /c');
    expect(table.match('HEAD', '/a')).toMatchObject({ route: 1 });
    expect(table.match('HEAD', '/b')).toMatchObject({ route: 3 });
    expect(table.match('HEAD', '/c')).toMatchObject({ route: 4 });
  });

  it('* matches any method without a rule for the path (rule 6)', () => {
    const table = routes('* /a', 'GET /a', 'PURGE /a', 'POST /*');
    expect(table.match('PURGE', '/a')).toMatchObject({ route: 2 });
    expect(table.match('OPTIONS', '/a')).toMatchObject({ route: 0 });
    expect(table.match('POST', '/a')).toMatchObject({ route: 0 });
  });

  it('fall back to a less specific path if the best one lacks the method (rules 4, 6)', () => {
    const table = routes('POST /a/b', 'GET /a/{x}', 'DELETE /{x=**}');
    expect(table.match('GET', '/a/b')).toMatchObject({ route: 1, bindings: { x: 'b' } });
    expect(table.match('DELETE', '/a/b')).toMatchObject({ route: 2, bindings: { x: 'a/b' } });
  });

  it('unsupported for a known path: 405 with all supported methods, sorted; OPTIONS too (rule 6)', () => {
    const table = routes('POST /a/b', 'GET /a/{x}', 'DELETE /{x=**}', 'PUT /a/b:v', 'GET /{x=**}/b');
    for (const method of ['PATCH', 'OPTIONS', 'get', '', '*', '__proto__']) {
      expect(table.match(method, '/a/b')).toEqual({ status: 405, allow: ['DELETE', 'GET', 'POST'] });
      expect(table.match(method, '/a/b:v')).toEqual({ status: 405, allow: ['PUT'] });
      expect(table.match(method, '/a/b:w')).toEqual({ status: 404 });
    }
  });

  it('are checked before the URL is decoded: 405 takes precedence over a malformed URL (rule 5)', () => {
    expect(routes('GET /{x}').match('PUT', '/..?%')).toEqual({ status: 405, allow: ['GET'] });
  });
});

describe('queries', () => {
  const query = (text: string) => get(`/a?${text}`, 'GET /a');

  it.each([
    ['', {}],
    ['x=1&y=2&x=3', { x: ['1', '3'], y: ['2'] }],
    ['x', { x: [''] }],
    ['x=', { x: [''] }],
    ['&&x=1&', { x: ['1'] }],
    ['x=a=b&y=?', { x: ['a=b'], y: ['?'] }],
    ['a.b_c=1&a.bC=2', { 'a.b_c': ['1'], 'a.bC': ['2'] }],
    ['a%2Eb=%26%3d&+x+=+%2B', { 'a.b': ['&='], ' x ': [' +'] }],
    ['x=%00%C3%A9', { x: ['\0é'] }],
    ['=1', { '': ['1'] }],
  ])('%j parses to %j (rule 7)', (text, expected) => {
    expect(query(text)).toEqual({ route: 0, bindings: {}, query: expected });
  });

  it('begin at the first question mark, regardless of colons and slashes (rules 2, 3)', () => {
    expect(get('/a?x=/b:v&y=?', 'GET /a', 'GET /a:v')).toEqual({
      route: 0,
      bindings: {},
      query: { x: ['/b:v'], y: ['?'] },
    });
    expect(get('/a%3Fx=1', 'GET /{x}')).toEqual({ route: 0, bindings: { x: 'a?x=1' }, query: {} });
  });

  it('may use the names of Object members (rule 7)', () => {
    const { query: parsed } = query('__proto__=1&constructor=2') as { query: object };
    expect(Object.entries(parsed)).toEqual([
      ['__proto__', ['1']],
      ['constructor', ['2']],
    ]);
  });

  it.each(['x=%', 'x=%zz', '%=1', 'x=%C3', 'x=%ED%A0%80', 'a=1&b=%2', 'alt=%'])(
    '%j is rejected: it cannot be decoded (rule 7)',
    (text) => {
      expect(query(text)).toEqual({ status: 400 });
    },
  );

  it('omit system parameters (rule 7)', () => {
    const parameters =
      '$alt alt $prettyPrint prettyPrint $fields $key key $callback $.xgafv $ct $unique $outputDefaults quotaUser access_token oauth_token upload_protocol uploadType';
    expect(
      query(
        parameters
          .split(' ')
          .map((name) => `${name}=1`)
          .join('&'),
      ),
    ).toMatchObject({ query: {} });
    expect(query('%24alt=json;enum-encoding=int&%61lt&$xgafv=1')).toMatchObject({ query: { $xgafv: ['1'] } });
    expect(query('fields=a&callback=b&ALT=c&accessToken=d')).toMatchObject({
      query: { fields: ['a'], callback: ['b'], ALT: ['c'], accessToken: ['d'] },
    });
  });

  it.each([
    'x=1',
    'big_thing.the_name=1',
    'bigThing.theName=1',
    'big_thing.theName',
    'bigThing=1',
    'x.value=1',
    '%78=1',
  ])('%s sets a path variable: rejected (rule 7)', (text) => {
    expect(get(`/a/b?y=1&${text}`, 'GET /{x}/{big_thing.the_name}')).toEqual({ status: 400 });
  });

  it.each(['xx=1', 'bigThing.other=1', 'the_name=1', 'X=1', 'bigThing.theNames=1'])(
    '%s does not set a path variable (rule 7)',
    (text) => {
      expect(get(`/a/b?${text}`, 'GET /{x}/{big_thing.the_name}')).toMatchObject({ route: 0 });
    },
  );
});
