// Cancels three reports and prints their outcomes. Run it: npm run build && node examples/cancel.ts
import { setTimeout as sleep } from 'node:timers/promises';
import { Code, codeName, OperationsClient, StatusError } from 'longrunning';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { startReportsServer } from './reports/server.ts';

await using server = await startReportsServer(async ({ title }, { signal }) => {
  switch (title) {
    case 'Plans': // stops when it is asked to
      await sleep(60_000, undefined, { signal });
      return {};
    case 'Figures': // is as good as done, and completes all the same
      await sleep(300);
      return { uri: 'file:///reports/figures.pdf', rowCount: 120 };
    default: // cannot even be stopped properly
      await sleep(60_000, undefined, { signal }).catch(() => {});
      throw new StatusError(Code.DATA_LOSS, 'half a report was left behind: delete it');
  }
});
await using client = new OperationsClient({ address: server.address });
const parent = 'projects/example/locations/europe-west3';

for (const title of ['Plans', 'Figures', 'Minutes']) {
  const operation = await client.start(ReportsOperations.exportReport, { parent, title });
  const outcome = await operation.cancelAndWait({ timeoutMs: 10_000 });
  switch (outcome.state) {
    case 'cancelled':
      console.log(`${title}: cancelled`);
      break;
    case 'succeeded':
      console.log(`${title}: completed despite the cancellation: ${outcome.response.uri}`);
      break;
    case 'failed':
      console.log(`${title}: failed: ${codeName(outcome.error.code)}: ${outcome.error.message}`);
      break;
  }
  console.log(`  cancellation was requested: ${outcome.metadata?.cancelRequested}`);
}
