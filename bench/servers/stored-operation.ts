import type { OperationRecord } from 'longrunning/server';

export const storedParent = 'projects/example/locations/europe-west3';

const MEGA = 1_000_000;
const startedAt = Date.UTC(2031, 0, 1);
const any = (name: string, bytes: number) => ({
  typeUrl: `type.googleapis.com/example.reports.v1.${name}`,
  value: Buffer.alloc(bytes, 1),
});

/** An operation as a store keeps it that is done; names are spread, as random ones are, and known by number. */
export function storedOperation(number: number): OperationRecord {
  const spread = ((number * 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  return {
    name: `${storedParent}/operations/${spread}${number.toString(16).padStart(24, '0')}`,
    parent: storedParent,
    method: '/example.reports.v1.Reports/ExportReport',
    request: Buffer.alloc(100, 1),
    cancellable: true,
    version: 3,
    attempt: 1,
    createTime: startedAt + number,
    endTime: startedAt + number + 1000,
    expireTime: startedAt + number + 30 * MEGA,
    metadata: any('ReportMetadata', 40),
    result: { $case: 'response', value: any('ExportReportResponse', 60) },
  };
}
