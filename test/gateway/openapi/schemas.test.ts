import { readFileSync } from 'node:fs';
import { create, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { invalidField } from '../../../src/core/status.js';
import { openApiDocument } from '../../../src/gateway/openapi/document.js';
import type { OpenApiDocument } from '../../../src/gateway/openapi/objects.js';
import { type ServedGateway, serveGateway } from '../http-client.js';
import { startThingsServer, type ThingsServer, thingsDescriptors } from '../things-server.js';

const THING = 'acme.things.v1.Thing';

/** Message with every kind of field. */
const EVERYTHING = {
  name: 'things/1',
  heading: 'h',
  big: '-9007199254740993',
  small: 4294967295,
  ratio: 0.5,
  on: true,
  data: '+/8=',
  kind: 'LARGE',
  tags: ['a', 'b'],
  kinds: ['SMALL', 'LARGE'],
  inner: { textValue: 't', deeper: { count: -1, deeper: {} } },
  inners: [{}, { count: 2 }],
  labels: { 'a b': 'c' },
  wrapped: '0',
  time: '2030-01-01T00:00:00.500Z',
  wait: '-1.500s',
  mask: 'a,bC.d',
  extra: { a: [1, null, { b: 'c' }] },
  any: { '@type': `type.googleapis.com/${THING}`, name: 'x' },
  moreAny: [{ '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1s' }],
  left: 'l',
  nick: '',
  numbers: [1, 2],
};

describe('schemas of an OpenAPI document', () => {
  let document: OpenApiDocument;
  let things: ThingsServer;
  let gateway: ServedGateway;
  let checker: Ajv2020;
  beforeAll(async () => {
    const descriptors = thingsDescriptors();
    things = await startThingsServer(descriptors);
    gateway = await serveGateway({ target: things.target, descriptors });
    document = (await gateway.ask('GET', '/openapi.json')).json as OpenApiDocument;
    expect(document).toEqual(openApiDocument({ descriptors }));
    checker = new Ajv2020({ strict: false, validateFormats: false });
    checker.addSchema({ $id: 'openapi', ...document });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    things[Symbol.dispose]();
  });
  const schemaOf = (pointer: string): ValidateFunction => checker.compile({ $ref: `openapi#${pointer}` });
  const thing = () => schemaOf(`/components/schemas/${THING}`);
  const errors = () => schemaOf('/components/responses/Error/content/application~1json/schema');

  it('match the requests and responses of the gateway', async () => {
    expect([thing()(EVERYTHING), thing().errors]).toEqual([true, null]);
    const { status, json } = await gateway.ask('POST', '/v1/things', { body: EVERYTHING });
    expect([status, json]).toEqual([200, EVERYTHING]);
    expect(thing()(json)).toBe(true);
    const partly = await gateway.ask('GET', '/v1/things/1/inner?inner.textValue=x');
    const inner = '/paths/~1v1~1things~1{thingsId}~1inner/get/responses/200/content/application~1json/schema';
    expect([partly.json, schemaOf(inner)(partly.json)]).toEqual([{ textValue: 'x' }, true]);
    const unset = await gateway.ask('GET', '/v1/things/1/inner');
    expect([unset.json, schemaOf(inner)(unset.json)]).toEqual([null, true]);
  });

  it('match errors of the gateway, and errors of the service with details', async () => {
    const unknown = await gateway.ask('GET', '/nowhere');
    expect([unknown.status, errors()(unknown.json)]).toEqual([404, true]);
    things.answer = () => {
      throw invalidField('name', 'name is bad');
    };
    const refused = await gateway.ask('GET', '/v1/things/1');
    things.answer = () => undefined;
    expect([refused.status, errors()(refused.json)]).toEqual([400, true]);
    expect(errors()({ code: 5, message: 'no envelope' })).toBe(false);
  });

  it('match an Any of unknown type', async () => {
    const { registry } = things;
    const type = registry.getMessage(THING);
    if (!type) throw new Error('no Thing');
    const any = create(AnySchema, { typeUrl: 'x/acme.Unknown', value: new Uint8Array([1]) });
    things.answer = () => toBinary(type, create(type, { any } as never));
    const { json } = await gateway.ask('GET', '/v1/things/1');
    things.answer = () => undefined;
    expect((json as JsonObject).any).toEqual({ '@type': 'x/acme.Unknown', value: 'AQ==' });
    expect(thing()(json)).toBe(true);
  });

  it.each([
    ['a 64-bit integer that is a number', { big: 1 }],
    ['an invalid enum value', { kind: 'HUGE' }],
    ['a number below zero where none can be', { small: -1 }],
    ['two fields of a oneof', { left: 'l', right: {} }],
    ['a duration in minutes', { wait: '1m' }],
    ['an Any without a type', { any: {} }],
    ['a map of other values', { labels: { a: 1 } }],
    ['a repeated field that is no list', { tags: 'a' }],
    ['a message inside of itself', { inner: { deeper: { deeper: { count: 'x' } } } }],
  ])('reject %s', (_, json) => {
    expect(thing()(json)).toBe(false);
  });

  it('accept null for any field, as the gateway does, but not in lists and maps', async () => {
    const nulls = Object.fromEntries(
      Object.keys(EVERYTHING)
        .filter((field) => field !== 'left')
        .map((field) => [field, null]),
    );
    for (const json of [nulls, { inner: { deeper: null } }, { left: null }]) {
      expect([thing()(json), thing().errors]).toEqual([true, null]);
      expect((await gateway.ask('POST', '/v1/things', { body: json })).status).toBe(200);
    }
    for (const json of [{ tags: [null] }, { labels: { a: null } }, { inners: [null] }]) {
      expect(thing()(json)).toBe(false);
      expect((await gateway.ask('POST', '/v1/things', { body: json })).status).toBe(400);
    }
  });

  it('omit path variables from the body', () => {
    const bodyOf = (path: string, method: 'put' | 'patch') =>
      document.paths[path]?.[method]?.requestBody?.content['application/json'].schema;
    const put = bodyOf('/v1/things/{thingsId}', 'put');
    expect(put?.properties).not.toHaveProperty('name');
    expect(put?.properties).toHaveProperty('heading');
    expect(bodyOf('/v1/things/{thingsId}', 'patch')?.properties).not.toHaveProperty('name');
  });

  it('declare formats', () => {
    expect(document.components.schemas[THING]?.properties).toMatchObject({
      big: { type: ['string', 'null'], format: 'int64' },
      data: { type: ['string', 'null'], contentEncoding: 'base64' },
      time: { type: ['string', 'null'], format: 'date-time' },
      mask: { type: ['string', 'null'] },
      kinds: { type: ['array', 'null'], items: { $ref: '#/components/schemas/acme.things.v1.Kind' } },
    });
  });

  it('declare field behavior and deprecation', () => {
    const properties = document.components.schemas[THING]?.properties;
    expect(properties).toMatchObject({
      seenTime: { readOnly: true, description: 'When it was seen by a Thing.' },
      secret: {
        writeOnly: true,
        anyOf: [{ $ref: '#/components/schemas/acme.things.v1.Inner' }, { type: 'null' }],
      },
      old: { deprecated: true },
    });
    expect(properties?.name).toEqual({ type: ['string', 'null'] });
  });

  it('describe the values of an enum', () => {
    const kind = document.components.schemas['acme.things.v1.Kind'];
    expect(kind?.enum).toEqual(['KIND_UNSPECIFIED', 'SMALL', 'LARGE']);
    expect(kind?.description).toBe('What there is.\n\n- `SMALL`: Fits a hand.');
  });
});

describe('operations in an OpenAPI document', () => {
  const document = openApiDocument({ descriptors: readFileSync('generated/descriptors.binpb') });
  const checker = new Ajv2020({ strict: false, validateFormats: false });
  checker.addSchema({ $id: 'reports', ...document });
  const pathOf = (verb: string) => `~1v1~1projects~1{projectsId}~1locations~1{locationsId}~1reports:${verb}`;
  const check = (verb: string, operation: object) => {
    const schema = `reports#/paths/${pathOf(verb)}/post/responses/200/content/application~1json/schema`;
    return checker.compile({ $ref: schema })(operation);
  };
  const any = (type: string, fields: object = {}) => ({ '@type': `type.googleapis.com/${type}`, ...fields });
  const metadata = any('example.reports.v1.ReportMetadata', { progressPercent: 5 });

  it('include the types of operation_info', () => {
    const response = any('example.reports.v1.ExportReportResponse', { uri: 'x', rowCount: '1' });
    expect(check('export', { name: 'operations/1', metadata, done: true, response })).toBe(true);
    expect(check('export', { response: { ...response, rowCount: 1 } })).toBe(false);
    expect(check('export', { metadata: { progressPercent: 5 } })).toBe(false);
    expect(check('export', { response, error: { code: 1 } })).toBe(false);
    expect(check('purge', { metadata, done: true, response: any('google.protobuf.Empty') })).toBe(true);
  });
});

describe('descriptions of an OpenAPI document', () => {
  it('are the comments of the protos', () => {
    const { tags, paths, components } = openApiDocument();
    expect(tags[0]?.description).toMatch(/^Gets, lists, waits for, cancels and deletes the operations/);
    expect(paths['/v1/operations']?.get?.description).toMatch(/^Lists the operations under a parent/);
    const operation = components.schemas['google.longrunning.Operation'];
    expect(operation?.description).toMatch(/^Work that goes on/);
    expect(operation?.properties?.error?.description).toMatch(/^Why there is no response/);
  });
});
