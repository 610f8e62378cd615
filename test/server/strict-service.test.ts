import { describe, expect, it } from '@jest/globals';
import { ExportReportRequest, ReportsService } from '../../generated/example/reports/v1/reports.js';
import { OperationsService, strictService } from '../../src/server/index.js';

const request = ExportReportRequest.fromPartial({ parent: 'projects/p/locations/l', title: 'ümlaut' });
const bytes = Buffer.from(ExportReportRequest.encode(request).finish());
const { requestDeserialize } = strictService(ReportsService).exportReport;

describe('strictService', () => {
  it('decodes a valid message', () => {
    expect(requestDeserialize(bytes)).toEqual(request);
  });

  it('rejects a stray zero, at which the generated decoder stops', () => {
    const broken = Buffer.concat([bytes.subarray(0, 24), Buffer.of(0), bytes.subarray(24)]);
    expect(ReportsService.exportReport.requestDeserialize(broken).title).toBe('');
    expect(() => requestDeserialize(broken)).toThrow();
  });

  it('rejects a message cut off inside a field', () => {
    // The first field takes 24 bytes; cut off right behind it, what is left is a message.
    for (let length = 1; length < bytes.length; length++) {
      if (length !== 24) expect(() => requestDeserialize(bytes.subarray(0, length))).toThrow();
    }
  });

  it('ignores unknown fields', () => {
    const more = Buffer.concat([bytes, Buffer.of(0xf8, 0x07, 0x01)]);
    expect(requestDeserialize(more)).toEqual(request);
  });

  it('of OperationsService rejects a field that is repeated thousands of times, before it is decoded', () => {
    const { requestDeserialize: wait } = OperationsService.waitOperation;
    const timeouts = (count: number) => Buffer.alloc(2 * count, Buffer.of(0x12, 0));
    expect(wait(timeouts(1000))).toEqual({ name: '', timeout: { seconds: 0, nanos: 0 } });
    expect(() => wait(timeouts(1001))).toThrow('message has more than 1000 fields: send fewer');
  });

  it('is applied to OperationsService', () => {
    expect(() => OperationsService.cancelOperation.requestDeserialize(Buffer.of(10, 1, 97, 0))).toThrow();
  });
});
