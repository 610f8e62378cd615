import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
} from '../../generated/example/reports/v1/reports.js';
import { encodeMessage, pack, TypeRegistry, typeName, unpack } from '../../src/core/any.js';

const request = { parent: 'projects/p', title: 'sales', requestId: '' };

describe('Any', () => {
  it('unpacks what was packed', () => {
    const packed = pack(ExportReportRequest, request);
    expect(packed.typeUrl).toBe('type.googleapis.com/example.reports.v1.ExportReportRequest');
    expect(unpack(ExportReportRequest, packed)).toEqual(request);
  });

  it.each(['', '/', 'example.com/deep/path/', 'type.googleapis.com/'])(
    'is identified by the part after the last slash of "%s"',
    (prefix) => {
      const { value } = pack(ExportReportRequest, request);
      const any = { typeUrl: `${prefix}${ExportReportRequest.$type}`, value };
      expect(unpack(ExportReportRequest, any)).toEqual(request);
    },
  );

  it('of another type throws an error that names both types (contract 41)', () => {
    const unpackWrong = () => unpack(ReportMetadata, pack(ExportReportRequest, request));
    expect(unpackWrong).toThrow(TypeError);
    expect(unpackWrong).toThrow(ExportReportRequest.$type);
    expect(unpackWrong).toThrow(ReportMetadata.$type);
  });

  it('without a type or with malformed bytes throws a specific error', () => {
    expect(() => unpack(ReportMetadata, { typeUrl: '', value: Buffer.alloc(0) })).toThrow('no type');
    const broken = { typeUrl: `x/${ReportMetadata.$type}`, value: Buffer.from([0x08]) };
    expect(() => unpack(ReportMetadata, broken)).toThrow('is broken');
  });

  it.each<[string, (any: object) => unknown, string]>([
    ['was converted to JSON', (any) => JSON.parse(JSON.stringify(any)), 'by Buffer.from(value.data)'],
    [
      'has bytes as an indexed object',
      (any) => ({ ...any, value: { 0: 8, 1: 4 } }),
      'no bytes, as after JSON.stringify',
    ],
    ['has Base64', (any) => ({ ...any, value: 'CAQ=' }), "by Buffer.from(value, 'base64')"],
    ['has no value', (any) => ({ ...any, value: undefined }), 'no bytes'],
    ['is ProtoJSON', () => ({ '@type': 'x/a.B', field: 1 }), 'Any of x/a.B is ProtoJSON: read its fields'],
    ['is of protobuf.js', () => ({ type_url: 'x/a.B', value: new Uint8Array() }), 'rename its type_url'],
    ['is undefined', () => undefined, 'value is not an Any, it has no typeUrl: give { typeUrl, value }'],
  ])('that %s: throws an error with the fix', (_, change, message) => {
    const given = change(pack(ExportReportRequest, request)) as never;
    const registry = new TypeRegistry([ExportReportRequest]);
    for (const read of [() => unpack(ExportReportRequest, given), () => registry.unpack(given)]) {
      expect(read).toThrow(TypeError);
      expect(read).toThrow(message);
    }
  });

  it('is unpacked only by a registry that has its type', () => {
    const registry = new TypeRegistry([ExportReportRequest, ReportMetadata]);
    expect(registry.unpack(pack(ExportReportRequest, request))).toEqual(request);
    expect(registry.get(ReportMetadata.$type)).toBe(ReportMetadata);
    expect(new TypeRegistry([]).unpack(pack(ExportReportRequest, request))).toBeUndefined();
    expect(typeName({ typeUrl: 'a/b/c.D' })).toBe('c.D');
  });
});

describe('encodeMessage', () => {
  it('encodes like a new writer after any earlier messages, even if one of them failed', () => {
    const message = fc.record({
      uri: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('x'.repeat(100_000))),
      // A fraction makes the writer throw after it has written the first field.
      rowCount: fc.oneof(fc.maxSafeInteger(), fc.constant(1.5)),
    });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), (messages) => {
        const encoded: [Buffer, Buffer][] = [];
        for (const each of messages) {
          const encode = () => encodeMessage(ExportReportResponse, each);
          if (each.rowCount === 1.5) expect(encode).toThrow();
          else encoded.push([encode(), Buffer.from(ExportReportResponse.encode(each).finish())]);
        }
        // Compared at the end, to detect later messages that overwrite earlier ones.
        for (const [bytes, expected] of encoded) expect(bytes.equals(expected)).toBe(true);
      }),
    );
  });
});
