import { create, type JsonObject, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Any, AnySchema } from '@bufbuild/protobuf/wkt';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ExportReportResponse } from '../../../generated/example/reports/v1/reports.js';
import { OperationsService } from '../../../generated/google/longrunning/operations.js';
import { ErrorInfo, RetryInfo } from '../../../generated/google/rpc/error_details.js';
import { pack } from '../../../src/core/any.js';
import { toServerError } from '../../../src/core/grpc-status.js';
import { Code, StatusError } from '../../../src/core/status.js';
import { type ServedGateway, serveGateway } from '../http-client.js';
import { startThingsServer, type ThingsServer, thingsDescriptors } from '../things-server.js';

const UNKNOWN = { typeUrl: 'type.googleapis.com/acme.Unknown', value: new Uint8Array([8, 1]) };
const UNKNOWN_JSON = { '@type': UNKNOWN.typeUrl, value: 'CAE=' };
const BROKEN = { typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value: new Uint8Array([10, 9, 65]) };
const REPORT = pack(ExportReportResponse, { uri: 'file:///r', rowCount: 12 });
const REPORT_JSON = {
  '@type': 'type.googleapis.com/example.reports.v1.ExportReportResponse',
  uri: 'file:///r',
  rowCount: '12',
};

describe('rendering', () => {
  let things: ThingsServer;
  let gateway: ServedGateway;
  let logged: unknown[];
  beforeAll(async () => {
    const descriptors = thingsDescriptors();
    things = await startThingsServer(descriptors);
    const logger = { error: (facts: { err?: unknown }) => logged.push(facts.err) };
    gateway = await serveGateway({ target: things.target, descriptors, logger, headers: ['X-Tenant'] });
  });
  beforeEach(() => {
    logged = [];
    things.answer = () => undefined;
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    things[Symbol.dispose]();
  });

  /** Response if the service returns a thing with these fields. */
  async function rendered(fields: Record<string, unknown>, path = '/v1/things/a', parts = {}) {
    const type = things.registry.getMessage('acme.things.v1.Thing');
    if (!type) throw new Error('no type');
    things.answer = () => toBinary(type, create(type, fields as MessageInitShape<typeof type>));
    return gateway.ask('GET', path, parts);
  }
  const any = (fields: Omit<Any, '$typeName' | '$unknown'>) => create(AnySchema, fields);
  const anyOfAny = (inner: Any) =>
    any({ typeUrl: 'type.googleapis.com/google.protobuf.Any', value: toBinary(AnySchema, inner) });

  describe('JSON', () => {
    it('is ProtoJSON', async () => {
      const fields = {
        big: 9007199254740993n,
        ratio: Number.NaN,
        wait: { seconds: 1n, nanos: 500_000_000 },
        time: { seconds: 1n },
        data: new Uint8Array([255]),
        wrapped: 0n,
        kinds: [1, 9],
        extra: { a: [1, null] },
      };
      const answer = await rendered(fields);
      expect(answer.json).toEqual({
        big: '9007199254740993',
        ratio: 'NaN',
        wait: '1.500s',
        time: '1970-01-01T00:00:01Z',
        data: '/w==',
        wrapped: '0',
        kinds: ['SMALL', 9],
        extra: { a: [1, null] },
      });
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    });

    it('renders enums as numbers on request', async () => {
      for (const query of [
        '$alt=json;enum-encoding=int',
        '%24alt=json%3Benum-encoding%3Dint',
        'alt=json;enum-encoding=int',
      ]) {
        expect((await rendered({ kind: 2, kinds: [1] }, `/v1/things/a?${query}`)).json).toEqual({
          kind: 2,
          kinds: [1],
        });
      }
      expect((await rendered({ kind: 2 }, '/v1/things/a?$alt=json')).json).toEqual({ kind: 'LARGE' });
    });

    it('is indented on request, errors too', async () => {
      expect((await rendered({ name: 'a' })).text).toBe('{"name":"a"}');
      expect((await rendered({ name: 'a' }, '/v1/things/a?$prettyPrint=true')).text).toBe(
        '{\n  "name": "a"\n}',
      );
      expect((await rendered({ name: 'a' }, '/v1/things/a?prettyPrint=0')).text).toBe('{"name":"a"}');
      expect((await gateway.ask('GET', '/v1/things/a?prettyPrint=true&x=1')).text).toMatch(
        /^\{\n {2}"error"/,
      );
    });

    it.each(['$alt=media', 'alt=proto', '$alt=json;enum-encoding=hex', '$prettyPrint=maybe'])(
      'rejects %s',
      async (query) => {
        expect((await gateway.ask('GET', `/v1/things/a?${query}`)).status).toBe(400);
      },
    );

    it('is a single field if the rule has a response_body, set or not', async () => {
      expect((await rendered({ inner: { count: 1 } }, '/v1/things/a/inner')).json).toEqual({ count: 1 });
      expect((await rendered({}, '/v1/things/a/inner')).json).toBeNull();
      expect((await rendered({ tags: ['a'] }, '/v1/things/a/tags')).json).toEqual(['a']);
      expect((await rendered({}, '/v1/things/a/tags')).json).toEqual([]);
    });

    it('is {} for Empty, never an empty body', async () => {
      things.answer = () => new Uint8Array();
      expect((await gateway.ask('DELETE', '/v1/things/a')).text).toBe('{}');
    });
  });

  describe('an error of the server', () => {
    it.each([
      ['malformed bytes', Buffer.from([0x0a, 0x7f])],
      ['a delay of more than a number can be', Buffer.from('0a0b08ffffffffffffffff7f', 'hex')],
      ['a negative delay', Buffer.from('0a0b08ffffffffffffffffff01', 'hex')],
    ])('keeps its status when its RetryInfo has %s', async (_title, value) => {
      const details = [{ typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value }];
      things.answer = () => {
        throw new StatusError(Code.RESOURCE_EXHAUSTED, 'later', details);
      };
      const { status, headers, json } = await gateway.ask('GET', '/v1/things/a');
      expect([status, headers['retry-after']]).toEqual([429, undefined]);
      expect(json).toMatchObject({ error: { code: 429, message: 'later' } });
    });
  });

  describe('Any', () => {
    it('renders a known type as its JSON', async () => {
      const retry = pack(RetryInfo, { retryDelay: { seconds: 1, nanos: 0 } });
      expect((await rendered({ any: any(retry) })).json).toEqual({
        any: { '@type': retry.typeUrl, retryDelay: '1s' },
      });
    });

    it('renders an unknown or malformed type as its bytes, at any depth', async () => {
      const { json } = await rendered({
        name: 'a',
        kind: 1,
        any: anyOfAny(any(UNKNOWN)),
        moreAny: [any(UNKNOWN), any(BROKEN), any(REPORT)],
        labels: { a: 'b' },
        numbers: [1],
      });
      expect(json).toEqual({
        name: 'a',
        kind: 'SMALL',
        any: { '@type': 'type.googleapis.com/google.protobuf.Any', value: UNKNOWN_JSON },
        moreAny: [UNKNOWN_JSON, { '@type': BROKEN.typeUrl, value: 'CglB' }, REPORT_JSON],
        labels: { a: 'b' },
        numbers: [1],
      });
    });

    it('preserves the following fields and their order', async () => {
      const { text } = await rendered({ name: 'a', any: any(UNKNOWN), nick: 'n' });
      expect(text).toBe(JSON.stringify({ name: 'a', any: UNKNOWN_JSON, nick: 'n' }));
    });
  });

  describe('a response that cannot be decoded', () => {
    it.each<[string, () => Uint8Array]>([
      ['bytes that are not a message', () => new Uint8Array([10, 9, 65])],
      [
        'a time past the year 9999',
        () => new Uint8Array([0x7a, 0x07, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
      ],
    ])('%s: INTERNAL', async (_, answer) => {
      things.answer = answer;
      const { status, json } = await gateway.ask('GET', '/v1/things/a');
      expect([status, (json as JsonObject).error]).toMatchObject([500, { code: 500, status: 'INTERNAL' }]);
      expect(logged).toHaveLength(1);
    });
  });

  describe('an error', () => {
    it.each<[Code, number]>([
      [Code.CANCELLED, 499],
      [Code.UNKNOWN, 500],
      [Code.INVALID_ARGUMENT, 400],
      [Code.DEADLINE_EXCEEDED, 504],
      [Code.NOT_FOUND, 404],
      [Code.ALREADY_EXISTS, 409],
      [Code.PERMISSION_DENIED, 403],
      [Code.RESOURCE_EXHAUSTED, 429],
      [Code.FAILED_PRECONDITION, 400],
      [Code.ABORTED, 409],
      [Code.OUT_OF_RANGE, 400],
      [Code.UNIMPLEMENTED, 501],
      [Code.INTERNAL, 500],
      [Code.UNAVAILABLE, 503],
      [Code.DATA_LOSS, 500],
      [Code.UNAUTHENTICATED, 401],
    ])('with code %i is HTTP %i', async (code, httpStatus) => {
      const status = Object.entries(Code).find(([, value]) => value === code)?.[0];
      things.answer = () => Promise.reject(new StatusError(code, 'as it is'));
      const answer = await gateway.ask('GET', '/v1/things/a');
      expect(answer.status).toBe(httpStatus);
      expect(answer.json).toEqual({ error: { code: httpStatus, message: 'as it is', status } });
      expect(answer.headers['www-authenticate']).toBe(code === Code.UNAUTHENTICATED ? 'Bearer' : undefined);
    });

    it('keeps only details of known types', async () => {
      const info = pack(ErrorInfo, { reason: 'NO_ROOM', domain: 'acme', metadata: { zone: 'a' } });
      const details = [
        { ...UNKNOWN, value: Buffer.from(UNKNOWN.value) },
        info,
        { ...BROKEN, value: Buffer.from(BROKEN.value) },
      ];
      things.answer = () => Promise.reject(new StatusError(Code.RESOURCE_EXHAUSTED, 'full', details));
      expect((await gateway.ask('GET', '/v1/things/a')).json).toEqual({
        error: {
          code: 429,
          message: 'full',
          status: 'RESOURCE_EXHAUSTED',
          details: [{ '@type': info.typeUrl, reason: 'NO_ROOM', domain: 'acme', metadata: { zone: 'a' } }],
        },
      });
    });

    it('is 501 from a server without the method, and 503 without a server', async () => {
      const server = new Server();
      const port = await new Promise<number>((resolve) => {
        server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
      });
      const other = await serveGateway({ target: `127.0.0.1:${port}` });
      expect((await other.ask('GET', '/v1/operations/1')).status).toBe(501);
      server.forceShutdown();
      expect((await other.ask('GET', '/v1/operations/1')).status).toBe(503);
      other.gateway.close();
      const closed = await other.ask('GET', '/v1/operations/1');
      expect([closed.status, closed.text]).toEqual([503, expect.stringContaining('gateway is closed')]);
      await other[Symbol.asyncDispose]();
    });
  });

  describe('an operation', () => {
    it('renders unknown metadata as bytes and omits unknown error details', async () => {
      const server = new Server();
      const info = pack(ErrorInfo, { reason: 'GONE', domain: 'acme', metadata: {} });
      const unknown = { ...UNKNOWN, value: Buffer.from(UNKNOWN.value) };
      const error = { code: Code.CANCELLED, message: 'cancelled', details: [unknown, info] };
      const getOperation = (_: unknown, callback: (error: null, operation: object) => void) =>
        callback(null, {
          name: 'operations/1',
          metadata: unknown,
          done: true,
          result: { $case: 'error', value: error },
        });
      const failing = (_: unknown, callback: (error: object) => void) =>
        callback(toServerError(new StatusError(Code.UNIMPLEMENTED, 'no')));
      const others = {
        listOperations: failing,
        deleteOperation: failing,
        cancelOperation: failing,
        waitOperation: failing,
      };
      server.addService(OperationsService, { getOperation, ...others } as never);
      const port = await new Promise<number>((resolve) => {
        server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
      });
      const operations = await serveGateway({ target: `127.0.0.1:${port}` });
      expect((await operations.ask('GET', '/v1/operations/1')).json).toEqual({
        name: 'operations/1',
        metadata: UNKNOWN_JSON,
        done: true,
        error: {
          code: 1,
          message: 'cancelled',
          details: [{ '@type': info.typeUrl, reason: 'GONE', domain: 'acme' }],
        },
      });
      // google-gax treats an operation with a detail that it cannot decode as broken; gax-httpjson for Java reports it as cancelled.
      for (const client of [
        'gax/6.17.0-fallback gapic/3.1.0 gl-node/24.21.0 rest/6.17.0',
        'gl-java/21.0.5 gapic/2.71.0 gax/2.72.0 rest/',
      ]) {
        const answer = await operations.ask('GET', '/v1/operations/1', {
          headers: { 'x-goog-api-client': client },
        });
        expect(answer.json).toMatchObject({ error: { code: 1, message: 'cancelled' } });
        expect(answer.text).not.toContain('details');
      }
      const java = await operations.ask('GET', '/v1/operations/1', {
        headers: { 'x-goog-api-client': 'gl-java/21.0.5 gapic/2.71.0 gax/2.72.0 grpc/1.76.0' },
      });
      expect(java.text).toContain('details');
      await operations[Symbol.asyncDispose]();
      server.forceShutdown();
    });
  });
});
