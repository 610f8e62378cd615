// Cancels every operation under a parent that was started more than an hour ago.
// Run it: npm run build && node examples/cancel-old.ts ADDRESS PARENT
import { OperationsClient } from 'longrunning';

const [address = 'localhost:50051', parent = 'projects/example/locations/europe-west3'] =
  process.argv.slice(2);
await using client = new OperationsClient({ address });

const anHourAgo = new Date(Date.now() - 60 * 60 * 1000).toISOString();
const filter = `done = false AND create_time < "${anHourAgo}"`;
for await (const { name } of client.list({ name: parent, filter })) {
  const outcome = await client.operation(name).cancelAndWait({ timeoutMs: 60_000 });
  console.log(`${name}: ${outcome.state}`);
}
