import type { OperationStore } from 'longrunning/server';
import { field, varint } from './wire.ts';

/** Parent of the operations that are large. */
export const LARGE_PARENT = 'projects/large/locations/l';

const RESPONSE_BYTES = 10_000;

/** Stores operations that have ended, with responses of 10 KB that REST renders as JSON. */
export async function storeLargeOperations(store: OperationStore, count: number): Promise<void> {
  const uri = field(1, Buffer.alloc(RESPONSE_BYTES, 'x'));
  const metadata = { typeUrl: 'type.googleapis.com/example.reports.v1.ReportMetadata', value: varint(1, 50) };
  const response = { typeUrl: 'type.googleapis.com/example.reports.v1.ExportReportResponse', value: uri };
  for (let id = 0; id < count; id++) {
    await store.create({
      name: `${LARGE_PARENT}/operations/${id}`,
      parent: LARGE_PARENT,
      method: '/example.reports.v1.Reports/ExportReport',
      request: Buffer.alloc(0),
      cancellable: true,
      version: 1,
      attempt: 1,
      createTime: Date.now(),
      endTime: Date.now(),
      metadata,
      result: { $case: 'response', value: response },
    });
  }
}
