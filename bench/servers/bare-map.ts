import { randomBytes } from 'node:crypto';
import { ExportReportRequest, ExportReportResponse } from 'longrunning/generated/example/reports/v1/reports';
import { inLanes } from '../harness/lanes.ts';
import { answerParent } from '../harness/parent-link.ts';
import { exampleRequest } from './example-operations.ts';
import type { LifecycleRequests } from './replica.ts';

/** What one writes who needs nothing but operations in a Map. */
interface Kept {
  readonly state: 'queued' | 'running' | 'done';
  readonly request: Uint8Array;
  readonly response?: Uint8Array;
}

const operations = new Map<string, Kept>();
const waiting = new Map<string, () => void>();

/** Starts work, keeps its states, and wakes who waits for it: from start to done, with a Map. */
answerParent({
  lifecycles: (load) =>
    inLanes(load, async () => {
      const name = start(exampleRequest);
      await new Promise<void>((resolve) => waiting.set(name, resolve));
      if (operations.get(name)?.state !== 'done') throw new Error(`operation ${name} has not ended`);
    }),
} satisfies LifecycleRequests);

function start(given: ExportReportRequest): string {
  const name = `${given.parent}/operations/${randomBytes(16).toString('hex')}`;
  const request = ExportReportRequest.encode(given).finish();
  operations.set(name, { state: 'queued', request });
  run(name, request);
  return name;
}

async function run(name: string, request: Uint8Array): Promise<void> {
  await undefined;
  operations.set(name, { state: 'running', request });
  const { uri } = await work(ExportReportRequest.decode(request));
  const response = ExportReportResponse.encode(ExportReportResponse.fromPartial({ uri })).finish();
  operations.set(name, { state: 'done', request, response });
  waiting.get(name)?.();
  waiting.delete(name);
}

async function work(_request: ExportReportRequest): Promise<{ readonly uri: string }> {
  return { uri: 'gs://reports/2031/annual.pdf' };
}
