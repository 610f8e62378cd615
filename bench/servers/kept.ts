import { operationMethod } from 'longrunning';
import {
  ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
} from 'longrunning/generated/example/reports/v1/reports';
import { createOperations, implement } from 'longrunning/server';
import { type Memory, memoryInUse } from '../harness/memory.ts';
import { answerParent } from '../harness/parent-link.ts';
import { exampleRequest } from './example-operations.ts';

/** Operations in the memory of a process of its own. */
export type KeptRequests = {
  /** Keeps so many that are done, their responses of so many bytes; tells by how much the process has grown. */
  keep(input: { readonly count: number; readonly payloadBytes: number }): Promise<Memory>;
};

answerParent({
  async keep({ count, payloadBytes }) {
    const method = implement(
      operationMethod({
        path: '/example.reports.v1.Reports/ExportReport',
        request: ExportReportRequest,
        response: ExportReportResponse,
        metadata: ReportMetadata,
      }),
      {
        parent: ({ parent }) => parent,
        // A string made anew each time, as it would be of a response that came from somewhere.
        onStart: () => ({ uri: Buffer.alloc(payloadBytes, 'x').toString() }),
        run: () => ({}),
      },
    );
    const operations = createOperations({ methods: [method] });
    const before = memoryInUse();
    for (let left = count; left > 0; left--) await operations.start(method, exampleRequest);
    const after = memoryInUse();
    return { live: after.live - before.live, resident: after.resident - before.resident };
  },
} satisfies KeptRequests);
