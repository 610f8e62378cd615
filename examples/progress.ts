// Prints the progress of a report whenever it changes. Run it: npm run build && node examples/progress.ts
import { OperationsClient } from 'longrunning';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { exportReport } from './reports/export-report.ts';
import { startReportsServer } from './reports/server.ts';

const WIDTH = 20;

await using server = await startReportsServer();
await using operations = new OperationsClient({ address: server.address });

const started = await exportReport(server.address, 'Figures');
const operation = operations.operation(started, ReportsOperations.exportReport);

// The current state comes first, then every metadata change, then the outcome.
for await (const snapshot of operation.updates({ intervalMs: 50 })) {
  console.log(bar(snapshot.metadata?.progressPercent ?? 0), snapshot.state);
}

function bar(percent: number): string {
  const done = Math.round((percent / 100) * WIDTH);
  return `[${'#'.repeat(done)}${'.'.repeat(WIDTH - done)}] ${percent} %`;
}
