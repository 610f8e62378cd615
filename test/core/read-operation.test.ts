import { describe, expect, it } from '@jest/globals';
import { ExportReportResponse } from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { ErrorInfo, RetryInfo } from '../../generated/google/rpc/error_details.js';
import { pack, unpack } from '../../src/core/any.js';
import { typesOf } from '../../src/core/operation-method.js';
import { readOperation } from '../../src/core/read-operation.js';

const name = 'operations/1';
const status = { code: 9, message: 'x', details: [] };
const packed = { typeUrl: 'type.googleapis.com/acme.Job', value: Buffer.of(1, 2) };
const types = typesOf(ReportsOperations.exportReport);

describe('readOperation', () => {
  it.each<[string, object]>([
    ['fields side by side', { error: status }],
    ['with the name of the field that is set', { error: status, result: 'error' }],
    ['with null for the other', { error: status, response: null, metadata: null }],
    ['$case and value', { result: { $case: 'error', value: status } }],
    ['$case and a field of that name', { result: { $case: 'error', error: status } }],
    ['case and value', { result: { case: 'error', value: status } }],
    ['an operation of google-gax', { latestResponse: { name, done: true, error: status, result: 'error' } }],
  ])('reads an error: %s', (_, fields) => {
    const given = 'latestResponse' in fields ? fields : { name, done: true, ...fields };
    expect(readOperation(given)).toEqual({
      name,
      metadata: undefined,
      done: true,
      result: { $case: 'error', value: status },
    });
  });

  it.each<[string, unknown]>([
    ['a Buffer', Buffer.of(1, 2)],
    ['a Uint8Array', Uint8Array.of(1, 2)],
    ['numbers', [1, 2]],
    ['Base64', 'AQI='],
    ['Base64 without padding', 'AQI'],
    ['JSON of a Buffer', { type: 'Buffer', data: [1, 2] }],
    ['JSON of a Uint8Array', { 0: 1, 1: 2 }],
  ])('reads bytes: %s', (_, value) => {
    const { result } = readOperation({ name, done: true, response: { type_url: packed.typeUrl, value } });
    expect(result?.value).toEqual(packed);
  });

  it.each<[string, unknown]>([
    ['text that is not Base64', 'a b c d'],
    ['a length that Base64 cannot have', 'AQIDB'],
    ['a number over 255', [256]],
    ['a fraction', [0.5]],
    ['keys with a gap', { 0: 1, 2: 1 }],
    ['a number', 1],
    ['true', true],
    ['JSON of a Buffer without numbers', { type: 'Buffer', data: 'AQI=' }],
  ])('rejects bytes: %s', (_, value) => {
    const given = { name, done: true, response: { typeUrl: packed.typeUrl, value } };
    expect(() => readOperation(given)).toThrow(TypeError);
    expect(() => readOperation(given)).toThrow(/^response has the value .*: give bytes, or Base64 in JSON$/);
  });

  it('accepts done with neither error nor response (contract 2)', () => {
    const neither = { name, metadata: undefined, done: true, result: undefined };
    for (const fields of [
      {},
      { result: null },
      { result: {} },
      { result: { case: undefined } },
      { error: null },
    ]) {
      expect(readOperation({ name, done: true, ...fields })).toEqual(neither);
    }
  });

  it('keeps a response of an operation that is not done: its state is running (contract 2)', () => {
    expect(readOperation({ name, response: packed })).toMatchObject({
      done: false,
      result: { value: packed },
    });
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a string', name],
    ['a number', 1],
    ['a function', () => {}],
    ['an array', [{ name, done: true }]],
    ['a promise', Promise.resolve({ name, done: true })],
    ['an empty object', {}],
    ['an object of something else', { id: 1 }],
    ['a snapshot', { name, state: 'succeeded', metadata: undefined, operation: {} }],
    ['an operation of Compute Engine', { name, status: 'DONE', kind: 'compute#operation' }],
    [
      'a failed operation of Compute Engine',
      { name, status: 'DONE', error: { errors: [{ code: 'QUOTA' }] } },
    ],
    ['another message of protobuf-es', { $typeName: 'acme.Job', name, done: true }],
    ['another message of ts-proto', { $type: 'acme.Job', name, done: true }],
    ['another message of protobuf.js', { $type: { fullName: '.acme.Job' }, name, done: true }],
    ['both an error and a response', { name, done: true, error: status, response: packed }],
    ['result says error, and there is a response', { name, done: true, result: 'error', response: packed }],
    ['result says error, but the field is unset', { name, done: true, result: 'error' }],
    ['result says response, and there is an error', { name, done: true, result: 'response', error: status }],
    ['result says something else', { name, done: true, result: 'done' }],
    ['a union of an unknown form', { name, done: true, result: { oneofKind: 'error', error: status } }],
    ['a union of another case', { name, done: true, result: { case: 'cancelled', value: status } }],
    ['a union without value', { name, done: true, result: { $case: 'error' } }],
    ['a union with the other value', { name, done: true, result: { $case: 'error', response: packed } }],
    [
      'a union with two values',
      { name, done: true, result: { $case: 'error', value: status, error: status } },
    ],
    [
      'a union with two cases',
      { name, done: true, result: { $case: 'error', case: 'error', value: status } },
    ],
    ['a union with a value and no case', { name, done: true, result: { value: packed } }],
    [
      'a union and a field beside it',
      { name, done: true, result: { case: 'error', value: status }, error: status },
    ],
    ['done as text', { name, done: 'true' }],
    ['a name that is not a string', { name: 1, done: true }],
    ['an error that is text', { name, done: true, error: 'failed' }],
    ['an error that is false', { name, done: true, error: false }],
    ['an error of another form', { name, done: true, error: { reason: 'x' } }],
    ['a code that is a name', { name, done: true, error: { code: 'NOT_FOUND' } }],
    ['a code that is a fraction', { name, done: true, error: { code: 1.5 } }],
    ['a code beyond 32 bits', { name, done: true, error: { code: 2 ** 31 } }],
    ['a message that is not a string', { name, done: true, error: { code: 1, message: {} } }],
    ['details that are not an array', { name, done: true, error: { code: 1, details: {} } }],
    ['a detail that is null', { name, done: true, error: { code: 1, details: [null] } }],
    ['a response that is text', { name, done: true, response: 'x' }],
    ['a response that is unpacked', { name, done: true, response: { uri: 'x' } }],
    ['a response with two types', { name, done: true, response: { typeUrl: 'a/b', type_url: 'a/c' } }],
    ['a type URL that is not a string', { name, done: true, response: { typeUrl: 1 } }],
    ['metadata that is unpacked', { name, metadata: { progressPercent: 5 } }],
    ['own __proto__', JSON.parse(`{"name":"${name}","done":true,"__proto__":{"error":{"code":9}}}`)],
    ['JSON of an unknown type', { name, done: true, response: { '@type': packed.typeUrl, title: 'a' } }],
    ['JSON with a type that is no string', { name, done: true, response: { '@type': 1 } }],
    ['a revoked proxy', revoked()],
    [
      'a getter that throws',
      {
        name,
        get done() {
          throw new Error('hostile');
        },
      },
    ],
    [
      'a getter that throws what cannot be text',
      {
        name,
        get done() {
          throw Object.create(null);
        },
      },
    ],
    [
      'a nested getter that throws',
      {
        name,
        done: true,
        get error() {
          return {
            get code() {
              throw name;
            },
          };
        },
      },
    ],
  ])('throws TypeError: %s', (_, given) => {
    expect(() => readOperation(given)).toThrow(TypeError);
    expect(() => readOperation(given)).toThrow(/: (give|keep|pass|check) /);
  });

  it('reads messages with fields on their prototype, and messages without a prototype', () => {
    const inherited = Object.create({ name, done: true, error: status });
    expect(readOperation(inherited).result?.value).toEqual(status);
    const bare = Object.assign(Object.create(null), { name, done: true, error: status });
    expect(readOperation(bare).result?.value).toEqual(status);
  });

  it('reads each property once', () => {
    let reads = 0;
    const given = {
      name,
      done: true,
      get response() {
        return reads++ === 0 ? packed : { typeUrl: 'acme.Other' };
      },
    };
    expect(readOperation(given).result?.value).toEqual(packed);
    expect(reads).toBe(1);
  });

  it('reads ProtoJSON of known types, with durations, enums and numbers as text', () => {
    const { result, metadata } = readOperation(
      {
        name,
        done: true,
        metadata: { '@type': 'type.googleapis.com/example.reports.v1.ReportMetadata', progressPercent: 5 },
        error: {
          code: 8,
          message: 'x',
          details: [
            { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' },
            {
              '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
              reason: 'A',
              domain: '',
              metadata: { a: 'b' },
            },
          ],
        },
      },
      types,
    );
    expect(metadata?.value).toEqual(Buffer.of(8, 5));
    if (result?.$case !== 'error') throw new Error('no error');
    const [retry, info] = result.value.details;
    expect(retry && unpack(RetryInfo, retry)).toEqual({ retryDelay: { seconds: 1, nanos: 500_000_000 } });
    expect(info && unpack(ErrorInfo, info)).toEqual({ reason: 'A', domain: '', metadata: { a: 'b' } });
  });

  it('reads both forms of Empty in ProtoJSON', () => {
    for (const more of [{}, { value: {} }]) {
      const response = { '@type': 'type.googleapis.com/google.protobuf.Empty', ...more };
      expect(readOperation({ name, done: true, response }).result?.value).toEqual({
        typeUrl: 'type.googleapis.com/google.protobuf.Empty',
        value: Buffer.alloc(0),
      });
    }
  });

  it.each([
    [
      { uri: 'a', rowCount: '12' },
      { uri: 'a', rowCount: 12 },
    ],
    [
      { uri: '', row_count: 0 },
      { uri: '', rowCount: 0 },
    ],
    [
      { uri: null, rowCount: 3 },
      { uri: '', rowCount: 3 },
    ],
  ])('reads ProtoJSON of the response %j', (fields, expected) => {
    const response = { '@type': `type.googleapis.com/${ExportReportResponse.$type}`, ...fields };
    const { result } = readOperation({ name, done: true, response }, types);
    expect(result?.value).toEqual(pack(ExportReportResponse, ExportReportResponse.fromPartial(expected)));
  });

  it.each([{ url: 'a' }, { uri: { a: 1 } }, { rowCount: 'many' }, { uri: ['a'] }])(
    'rejects ProtoJSON with fields that the codec would drop: %j',
    (fields) => {
      const response = { '@type': `type.googleapis.com/${ExportReportResponse.$type}`, ...fields };
      const field = Object.keys(fields)[0];
      expect(() => readOperation({ name, done: true, response }, types)).toThrow(
        new RegExp(
          `^response: JSON of ${ExportReportResponse.$type} has ${field}[.a]*, which its codec cannot read`,
        ),
      );
    },
  );
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
