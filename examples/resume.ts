// Starts a report and lets another process wait for it. Run it: npm run build && node examples/resume.ts
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type OperationReference, OperationsClient } from 'longrunning';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { startReportsServer } from './reports/server.ts';

const [address, saved] = process.argv.slice(2);
if (address !== undefined && saved !== undefined) await resume(address, saved);
else await begin();

async function begin(): Promise<void> {
  await using server = await startReportsServer();
  const text = await startAndSave(server.address);
  console.log(`saved: ${text}`);
  const thisFile = fileURLToPath(import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, [thisFile, server.address, text]);
  process.stdout.write(stdout);
}

/** State to save: the operation's name and its method. */
async function startAndSave(address: string): Promise<string> {
  await using client = new OperationsClient({ address });
  const request = { parent: 'projects/example/locations/europe-west3', title: 'Figures' };
  return JSON.stringify(await client.start(ReportsOperations.exportReport, request));
}

/** The other process. */
async function resume(address: string, saved: string): Promise<void> {
  const reference: OperationReference = JSON.parse(saved);
  await using client = new OperationsClient({ address });
  const operation = client.operation(reference, ReportsOperations.exportReport);
  console.log(`another process waits for ${operation.name}`);
  const { uri, rowCount } = await operation.result({ timeoutMs: 10_000 });
  console.log(`it has the response: ${uri}, ${rowCount} rows`);
}
