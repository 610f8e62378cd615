import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ServedGateway, serveGateway } from '../http-client.js';
import { startThingsServer, type ThingsServer, thingsDescriptors } from '../things-server.js';

describe('transcoding', () => {
  let things: ThingsServer;
  let gateway: ServedGateway;
  beforeAll(async () => {
    const descriptors = thingsDescriptors();
    things = await startThingsServer(descriptors);
    gateway = await serveGateway({ target: things.target, descriptors });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    things[Symbol.dispose]();
  });

  /** Request that the service receives. */
  async function asked(httpMethod: string, path: string, body?: string | object) {
    const answer = await gateway.ask(httpMethod, path, body === undefined ? {} : { body });
    if (answer.status !== 200) throw new Error(answer.text);
    return things.lastRequest();
  }

  /** Error of a request that is rejected before it reaches the service. */
  async function refused(httpMethod: string, path: string, body?: string | object) {
    const before = things.calls.length;
    const answer = await gateway.ask(httpMethod, path, body === undefined ? {} : { body });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { code: 400, status: 'INVALID_ARGUMENT' } });
    expect(things.calls).toHaveLength(before);
    return (answer.json as { error: { message: string } }).error.message;
  }

  describe('path', () => {
    it('binds fields of every type that JSON writes as a string or number (rule 5)', async () => {
      const path = '/v1/typed/2026-01-02T03:04:05.5Z/LARGE/-9007199254740993/true/-_8=';
      expect(await asked('GET', path)).toEqual({
        kind: 'LARGE',
        big: '-9007199254740993',
        on: true,
        data: '+/8=',
        time: '2026-01-02T03:04:05.500Z',
      });
    });

    it('accepts enums by number, also undefined ones', async () => {
      expect(await asked('GET', '/v1/typed/1970-01-01T00:00:00Z/1/0/false/AA')).toMatchObject({
        kind: 'SMALL',
      });
      expect(await asked('GET', '/v1/typed/1970-01-01T00:00:00Z/7/0/false/AA')).toMatchObject({ kind: 7 });
    });

    it.each([
      ['/v1/typed/1970-01-01T00:00:00Z/HUGE/0/true/AA', /"kind"/],
      ['/v1/typed/1970-01-01T00:00:00Z/SMALL/1.5/true/AA', /"big" is "1.5", which does not fit/],
      ['/v1/typed/1970-01-01T00:00:00Z/SMALL/9223372036854775808/true/AA', /"big"/],
      ['/v1/typed/1970-01-01T00:00:00Z/SMALL/0/yes/AA', /"on"/],
      ['/v1/typed/1970-01-01T00:00:00Z/SMALL/0/true/A+%20', /"data"/],
      ['/v1/typed/yesterday/SMALL/0/true/AA', /"time"/],
    ])('rejects %s, which does not fit its field', async (path, message) => {
      expect(await refused('GET', path)).toMatch(message);
    });

    it('decodes path variables', async () => {
      expect(await asked('GET', '/v1/things/a%20b%C3%A9')).toEqual({ name: 'things/a bé' });
    });
  });

  describe('query (rule 7)', () => {
    it.each<[string, object]>([
      ['small=7&ratio=1.5e3&on=true&big=12', { small: 7, ratio: 1500, on: true, big: '12' }],
      ['ratio=NaN', { ratio: 'NaN' }],
      ['kind=LARGE', { kind: 'LARGE' }],
      ['kind=2', { kind: 'LARGE' }],
      ['kinds=SMALL&kinds=2', { kinds: ['SMALL', 'LARGE'] }],
      ['tags=b&tags=a&tags=', { tags: ['b', 'a', ''] }],
      ['numbers=1&numbers=2', { numbers: [1, 2] }],
      ['inner.text_value=x&inner.count=2', { inner: { textValue: 'x', count: 2 } }],
      [
        'inner.textValue=x&inner.deeper.deeper.count=2',
        { inner: { textValue: 'x', deeper: { deeper: { count: 2 } } } },
      ],
      ['title=a', { heading: 'a' }],
      ['heading=a', { heading: 'a' }],
      ['wrapped=5', { wrapped: '5' }],
      ['wrapped=0', { wrapped: '0' }],
      ['wait=1.5s', { wait: '1.500s' }],
      ['time=2026-01-02T03:04:05Z', { time: '2026-01-02T03:04:05Z' }],
      ['mask=inner.text_value,kind', { mask: 'inner.textValue,kind' }],
      ['mask=inner.textValue', { mask: 'inner.textValue' }],
      ['data=-_8', { data: '+/8=' }],
      ['nick', { nick: '' }],
      ['left=a+b%2B', { left: 'a b+' }],
    ])('%s', async (query, request) => {
      expect(await asked('GET', `/v1/things/a?${query}`)).toEqual({ name: 'things/a', ...request });
    });

    it.each([
      ['unknown=1', /"unknown" names no field/],
      ['inner.nothing=1', /"inner.nothing"/],
      ['smal=1', /did you mean "small"/],
      ['small=1&small=2', /given 2 times/],
      ['small=', /"small"/],
      ['small=0x10', /"small"/],
      ['small=-1', /"small"/],
      ['small=4294967296', /"small"/],
      ['on=1', /"on"/],
      ['kind=', /"kind"/],
      ['tags.x=1', /goes through/],
      ['labels.env=a', /goes through/],
      ['labels=a', /"labels"/],
      ['inner=a', /"inner"/],
      ['inners.count=1', /goes through/],
      ['extra.a=1', /"extra.a"/],
      ['any=1', /"any"/],
      ['data=a+b', /"data"/],
      ['left=a&right.count=1', /says otherwise/],
      ['title=a&heading=b', /given 2 times|otherwise/],
      ['time.seconds=1', /"time.seconds"/],
      ['__proto__=1', /names no field/],
      ['constructor.prototype=1', /names no field/],
      ['name=things/a', /set by the path/],
      ['=1', /names no field/],
    ])('rejects %s', async (query, message) => {
      expect(await refused('GET', `/v1/things/a?${query}`)).toMatch(message);
    });

    it('rejects a field that the path binds, also under its custom JSON name', async () => {
      expect(await refused('GET', '/v1/titles/a?heading=titles/b')).toMatch(/set by the path/);
      expect(await refused('GET', '/v1/lefts/a?right.count=1')).toMatch(/otherwise/);
    });

    it('rejects a field if the body is the whole message', async () => {
      expect(await refused('POST', '/v1/things?small=1', {})).toMatch(/of the body/);
    });

    it('consumes system parameters', async () => {
      const path =
        '/v1/things/a?key=k&$fields=name&fields&quotaUser=q&access_token=t&$.xgafv=2&uploadType=m&callback=1';
      expect(await refused('GET', path)).toMatch(/"fields"/);
      expect(await asked('GET', path.replace('&fields', '').replace('&callback=1', ''))).toEqual({
        name: 'things/a',
      });
    });
  });

  describe('body (rule 8)', () => {
    it('is decoded as the message', async () => {
      const body = {
        name: 'things/a',
        heading: 'h',
        big: '9223372036854775807',
        kinds: ['SMALL', 2],
        inners: [{ text_value: 'x' }, { deeper: { count: 1 } }],
        labels: { env: 'prod', __proto__x: 'y' },
        wrapped: 5,
        time: '2026-01-02T03:04:05+01:00',
        wait: '0.000000001s',
        mask: 'a.b',
        extra: { list: [1, null, { a: true }] },
        data: '_-8',
        right: { count: 1 },
      };
      expect(await asked('POST', '/v1/things', body)).toEqual({
        ...body,
        kinds: ['SMALL', 'LARGE'],
        inners: [{ textValue: 'x' }, { deeper: { count: 1 } }],
        wrapped: '5',
        time: '2026-01-02T02:04:05Z',
        data: '/+8=',
      });
    });

    it.each(['', ' \n', '{}'])('decodes %j as the empty message', async (body) => {
      expect(await asked('POST', '/v1/things', body)).toEqual({});
    });

    it('ignores unknown fields', async () => {
      expect(await asked('POST', '/v1/things', { nothing: { a: [1] }, name: 'x' })).toEqual({ name: 'x' });
    });

    it.each(['9007199254740993', '-9223372036854775808', '9223372036854775807'])(
      'keeps all digits of the 64-bit number %s, also beside unknown fields and in wrappers',
      async (digits) => {
        const body = `{"big":${digits},"wrapped":${digits},"nothing":${digits}}`;
        expect(await asked('POST', '/v1/things', body)).toEqual({ big: digits, wrapped: digits });
      },
    );

    it('preserves large numbers of other types', async () => {
      const body = '{"ratio":9007199254740993,"extra":{"a":[9007199254740993]},"inner":{"count":1}}';
      expect(await asked('POST', '/v1/things', body)).toEqual({
        ratio: 9007199254740992,
        extra: { a: [9007199254740992] },
        inner: { count: 1 },
      });
    });

    it('keeps all digits in an Any', async () => {
      const type = '"@type":"type.googleapis.com/acme.things.v1.Thing"';
      expect(await asked('POST', '/v1/things', `{"any":{${type},"big":9007199254740993}}`)).toEqual({
        any: { '@type': 'type.googleapis.com/acme.things.v1.Thing', big: '9007199254740993' },
      });
    });

    it.each(['9223372036854775808', '1e400', '18446744073709551616'])(
      'rejects %s for a 64-bit field',
      async (digits) => {
        expect(await refused('POST', '/v1/things', `{"big":${digits}}`)).toMatch(/Thing\.big/);
      },
    );

    it.each([
      ['{"kind":"HUGE"}', 'kind'],
      ['{"kinds":["SMALL","HUGE"]}', 'kinds'],
      ['{"unknown":1,"kind":"small"}', 'kind'],
    ])('%s: rejects the unknown enum name, and the error names the field', async (body, field) => {
      const message = await refused('POST', '/v1/things', body);
      expect(message).toMatch(
        new RegExp(`Thing\\.${field}: ".*" is unknown; use one of KIND_UNSPECIFIED, SMALL, LARGE`),
      );
    });

    it('decodes "" as an empty message, as google-gax sends it', async () => {
      expect(await asked('POST', '/v1/things', '""')).toEqual({});
      expect(await asked('POST', '/v1/things', { inner: '', inners: ['', { count: 1 }] })).toEqual({
        inner: {},
        inners: [{}, { count: 1 }],
      });
      expect(await refused('POST', '/v1/things', { time: '' })).toMatch(/"time" has a malformed/);
    });

    it('accepts the forms of Empty that other clients send', async () => {
      const any = { '@type': 'type.googleapis.com/google.protobuf.Empty', value: {} };
      expect(await asked('POST', '/v1/things', { any })).toEqual({ any: { '@type': any['@type'] } });
    });

    it.each([
      ['{', /^body is no JSON: /],
      ['{"name":"a",}', /^body is no JSON: /],
      ['{"name":"a"} and more', /^body is no JSON: /],
      ['[]', /does not fit message acme\.things\.v1\.Thing: /],
      ['"name"', /does not fit/],
      ['null', /does not fit/],
      ['{"name":"a","name":"b"}', /duplicate/],
      ['{"title":"a","heading":"b"}', /set multiple times/],
      ['{"small":"x"}', /does not fit field acme\.things\.v1\.Thing\.small: .*"x"/],
      ['{"any":{"@type":"type.googleapis.com/acme.Unknown"}}', /registry/],
      ['{"left":"a","right":{}}', /oneof/],
      [`{"extra":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}`, /recursion/],
      ['{"time":"yesterday"}', /does not fit/],
      [
        '{"wait":"1.1111111111s"}',
        /^body does not fit message acme\.things\.v1\.Thing: "wait" has a malformed value; write/,
      ],
    ])('rejects %s', async (body, message) => {
      expect(await refused('POST', '/v1/things', body)).toMatch(message);
    });

    it('may repeat path variables but not contradict them', async () => {
      expect(await asked('PUT', '/v1/things/a', { name: 'things/a', small: 1 })).toEqual({
        name: 'things/a',
        small: 1,
      });
      expect(await asked('PUT', '/v1/things/a', { name: '', small: 1 })).toEqual({
        name: 'things/a',
        small: 1,
      });
      expect(await refused('PUT', '/v1/things/a', { name: 'things/b' })).toMatch(
        /"name" is "things\/a", but the rest/,
      );
      expect(await refused('PUT', '/v1/lefts/a', { left: 'lefts/b' })).toMatch(/otherwise/);
      expect(await refused('PUT', '/v1/lefts/a', { right: { count: 1 } })).toMatch(/otherwise/);
      expect(await refused('PUT', '/v1/lefts/a', { left: '' })).toMatch(/otherwise/);
    });

    it('is a single field; the query sets the others', async () => {
      const path = '/v1/things/a?update_mask=heading,inner.text_value&validateOnly=true';
      expect(await asked('PATCH', path, { heading: 'x' })).toEqual({
        thing: { name: 'things/a', heading: 'x' },
        updateMask: 'heading,inner.textValue',
        validateOnly: true,
      });
      expect(await asked('PATCH', '/v1/things/a')).toEqual({ thing: { name: 'things/a' } });
      expect(await refused('PATCH', '/v1/things/a?thing.small=1', {})).toMatch(/of the body/);
      expect(await refused('PATCH', '/v1/things/a', { name: 'things/b' })).toMatch(/otherwise/);
      expect(await refused('PATCH', '/v1/things/a', '{}, "validate_only": true')).toMatch(/no JSON/);
    });

    it.each(['', '""', '{}', '{ }'])('accepts %j as no body if the rule has none', async (body) => {
      expect(await asked('DELETE', '/v1/things/a', body)).toEqual({ name: 'things/a' });
    });

    it.each(['{"name":"things/b"}', '[]', 'null', '"x"', '0', '{'])(
      'rejects %j if the rule has no body',
      async (body) => {
        expect(await refused('DELETE', '/v1/things/a', body)).toMatch(/^body is/);
      },
    );
  });
});
