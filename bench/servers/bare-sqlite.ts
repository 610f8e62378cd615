import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ExportReportRequest, ExportReportResponse } from 'longrunning/generated/example/reports/v1/reports';
import { inLanes } from '../harness/lanes.ts';
import { answerParent } from '../harness/parent-link.ts';
import { exampleRequest } from './example-operations.ts';
import type { LifecycleRequests } from './replica.ts';

const directory = mkdtempSync(join(tmpdir(), 'longrunning-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true }));
const database = new DatabaseSync(join(directory, 'operations.db'));
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE operations (name TEXT PRIMARY KEY, state TEXT NOT NULL, request BLOB NOT NULL, response BLOB) STRICT`);
const insert = database.prepare("INSERT INTO operations VALUES (?, 'queued', ?, NULL)");
const begin = database.prepare("UPDATE operations SET state = 'running' WHERE name = ?");
const end = database.prepare("UPDATE operations SET state = 'done', response = ? WHERE name = ?");
const read = database.prepare('SELECT state, response FROM operations WHERE name = ?');

/** What one writes on raw node:sqlite: an insert, two updates and a read, each durable when it returns. */
answerParent({
  lifecycles: (load) =>
    inLanes(load, async () => {
      const name = `${exampleRequest.parent}/operations/${randomBytes(16).toString('hex')}`;
      insert.run(name, ExportReportRequest.encode(exampleRequest).finish());
      begin.run(name);
      const uri = await work();
      end.run(ExportReportResponse.encode(ExportReportResponse.fromPartial({ uri })).finish(), name);
      if (read.get(name)?.state !== 'done') throw new Error(`operation ${name} has not ended`);
    }),
} satisfies LifecycleRequests);

async function work(): Promise<string> {
  return 'gs://reports/2031/annual.pdf';
}
