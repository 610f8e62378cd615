// Waits for a report and draws a progress bar. Run it: npm run build && node examples/progress.ts
import { OperationsClient } from 'longrunning';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { startReportsServer } from './reports/server.ts';

await using server = await startReportsServer();
await using client = new OperationsClient({ address: server.address });
const request = { parent: 'projects/example/locations/europe-west3', title: 'Figures' };
const operation = await client.start(ReportsOperations.exportReport, request);

// The current state comes first, then every metadata change, then the outcome.
for await (const { state, metadata } of operation.updates({ intervalMs: 50 })) {
  const percent = metadata?.progressPercent ?? 0;
  const bar = '#'.repeat(percent / 5).padEnd(20, '.');
  console.log(`[${bar}] ${percent} % ${state}`);
}
