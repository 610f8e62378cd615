import { describe, expect, it } from '@jest/globals';
import { ExportReportRequest, ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { pack, TypeRegistry, typeName, unpack } from '../../src/any.js';

const request = { parent: 'projects/p', title: 'sales', requestId: '' };

describe('Any', () => {
  it('gives back what was packed', () => {
    const packed = pack(ExportReportRequest, request);
    expect(packed.typeUrl).toBe('type.googleapis.com/example.reports.v1.ExportReportRequest');
    expect(unpack(ExportReportRequest, packed)).toEqual(request);
  });

  it.each(['', '/', 'example.com/deep/path/', 'type.googleapis.com/'])(
    'goes by what follows the last slash of "%s"',
    (prefix) => {
      const { value } = pack(ExportReportRequest, request);
      const any = { typeUrl: `${prefix}${ExportReportRequest.$type}`, value };
      expect(unpack(ExportReportRequest, any)).toEqual(request);
    },
  );

  it('of another type throws an error that names both (contract 41)', () => {
    const unpackWrong = () => unpack(ReportMetadata, pack(ExportReportRequest, request));
    expect(unpackWrong).toThrow(TypeError);
    expect(unpackWrong).toThrow(ExportReportRequest.$type);
    expect(unpackWrong).toThrow(ReportMetadata.$type);
  });

  it('without a type, or with broken bytes, throws an error that says so', () => {
    expect(() => unpack(ReportMetadata, { typeUrl: '', value: Buffer.alloc(0) })).toThrow('no type');
    const broken = { typeUrl: `x/${ReportMetadata.$type}`, value: Buffer.from([0x08]) };
    expect(() => unpack(ReportMetadata, broken)).toThrow('is broken');
  });

  it('is unpacked by a registry that knows its type, and by no other', () => {
    const registry = new TypeRegistry([ExportReportRequest, ReportMetadata]);
    expect(registry.unpack(pack(ExportReportRequest, request))).toEqual(request);
    expect(registry.get(ReportMetadata.$type)).toBe(ReportMetadata);
    expect(new TypeRegistry([]).unpack(pack(ExportReportRequest, request))).toBeUndefined();
    expect(typeName({ typeUrl: 'a/b/c.D' })).toBe('c.D');
  });
});
