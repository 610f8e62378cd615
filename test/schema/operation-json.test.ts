import type { Registry } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ExportReportResponse, ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { pack } from '../../src/core/any.js';
import { loadSchema, operationToJson } from '../../src/schema/index.js';

const UNKNOWN = { typeUrl: 'type.googleapis.com/acme.Unknown', value: Buffer.from([8, 1]) };
const BROKEN = { typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value: Buffer.from([10, 9, 65]) };

describe('operationToJson', () => {
  let registry: Registry;
  beforeAll(async () => {
    ({ registry } = await loadSchema({ files: ['example/reports/v1/reports.proto'] }));
  });
  const json = (operation: Partial<Operation>) =>
    operationToJson(
      { name: 'operations/1', metadata: undefined, done: false, result: undefined, ...operation },
      registry,
    );

  it('is ProtoJSON: 64-bit integers and times as strings, no defaults', () => {
    const metadata = pack(ReportMetadata, ReportMetadata.fromPartial({ createTime: new Date(1000) }));
    const response = pack(ExportReportResponse, { uri: 'file:///r', rowCount: 12 });
    expect(json({ done: true, metadata, result: { $case: 'response', value: response } })).toEqual({
      name: 'operations/1',
      done: true,
      metadata: {
        '@type': 'type.googleapis.com/example.reports.v1.ReportMetadata',
        createTime: '1970-01-01T00:00:01Z',
      },
      response: {
        '@type': 'type.googleapis.com/example.reports.v1.ExportReportResponse',
        uri: 'file:///r',
        rowCount: '12',
      },
    });
    expect(json({})).toEqual({ name: 'operations/1' });
  });

  it('renders an Any of unknown type or with malformed bytes as bytes', () => {
    expect(json({ metadata: UNKNOWN, result: { $case: 'response', value: BROKEN } })).toEqual({
      name: 'operations/1',
      metadata: { '@type': UNKNOWN.typeUrl, value: 'CAE=' },
      response: { '@type': BROKEN.typeUrl, value: 'CglB' },
    });
  });

  it('renders error details of unknown type or with malformed bytes as bytes', () => {
    const info = pack(ErrorInfo, { reason: 'NO_ROOM', domain: 'acme', metadata: {} });
    const error = { code: 8, message: 'no room', details: [UNKNOWN, info, BROKEN] };
    expect(json({ done: true, result: { $case: 'error', value: error } })).toEqual({
      name: 'operations/1',
      done: true,
      error: {
        code: 8,
        message: 'no room',
        details: [
          { '@type': UNKNOWN.typeUrl, value: 'CAE=' },
          { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'NO_ROOM', domain: 'acme' },
          { '@type': BROKEN.typeUrl, value: 'CglB' },
        ],
      },
    });
  });

  it('accepts any bytes', () => {
    for (const typeUrl of [
      '',
      '/',
      'x',
      'google.protobuf.Any',
      'a/google.protobuf.Any',
      'a/google.protobuf.Struct',
    ]) {
      expect(() => json({ metadata: { typeUrl, value: Buffer.from([255, 255, 1]) } })).not.toThrow();
    }
  });
});
