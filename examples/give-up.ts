// Stops waiting for a report; the operation continues. Run it: npm run build && node examples/give-up.ts
import { OperationsClient, WaitTimeoutError } from 'longrunning';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { startReportsServer } from './reports/server.ts';

await using server = await startReportsServer();
await using client = new OperationsClient({ address: server.address });

const request = { parent: 'projects/example/locations/europe-west3', title: 'Figures' };
const operation = await client.start(ReportsOperations.exportReport, request);

// The report takes two seconds. Wait for less:
try {
  await operation.wait({ timeoutMs: 100 });
} catch (error) {
  if (!(error instanceof WaitTimeoutError)) throw error;
  console.log(`gave up after 100 ms; last seen ${error.snapshot?.state ?? 'never'}`);
}

// Or wait until a signal aborts, for example of a button or of a request that ends.
const leaving = new AbortController();
setTimeout(() => leaving.abort(new Error('the user left')), 100);
try {
  await operation.wait({ signal: leaving.signal });
} catch (error) {
  if (error !== leaving.signal.reason) throw error;
  console.log(`gave up: ${leaving.signal.reason.message}`);
}

// None of this contacted the server, let alone cancelled the operation.
const { state, metadata } = await operation.get();
console.log(`it is ${state}; cancellation was requested: ${metadata?.cancelRequested}`);
const outcome = await operation.wait({ timeoutMs: 10_000 });
console.log(`waited again: ${outcome.state}`);
