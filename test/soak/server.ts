// The server of a soak: `node --expose-gc server.ts [OPERATIONS]`, with so many large operations stored. Over IPC it takes
// what is to go wrong, a YAML list of faults, and tells for each how much memory is in use once everything that can be
// collected is, and the longest delay of the event loop since it told the last time. SIGTERM ends it.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { servePort } from 'longrunning/gateway';
import { grpcLimits, memoryStore } from 'longrunning/server';
import { exampleService, fakeServer, parseScript } from '../../src/testing/server/faking.ts';
import { RETENTION_MS } from './honest-client.ts';
import { storeLargeOperations } from './large-operations.ts';

const BEHAVIOUR = `
methods:
  ExportReport:
    durationMs: 400
    steps: [{ atMs: 200, metadata: { progressPercent: 50 } }]
    response: { uri: "file:///report.csv", rowCount: 10 }
  PurgeReports: { durationMs: 300, onCancel: unimplemented }
`;

const { schema } = await exampleService();
const script = (faults = '') => parseScript(`${BEHAVIOUR}${faults}`, { file: 'soak.yaml', schema });
/** What the server tells of a stranger's nonsense is of no interest here. */
const quiet = { error: () => {}, warn: () => {}, info: () => {} };
const store = memoryStore();
await storeLargeOperations(store, Number(process.argv[2] ?? 0));
const fake = fakeServer({
  apis: [{ schema, script: script() }],
  operations: { store, retentionMs: RETENTION_MS, logger: quiet },
  grpc: grpcLimits(),
  recording: 'off',
});
const { server, gateway, operations } = fake;
const port = await servePort({ server, ...(gateway && { gateway }), address: '127.0.0.1:0' });

const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();
process.on('message', async (faults: string) => {
  fake.replaceScript(script(faults));
  // A delay is known once the loop has gone on.
  await delay(5);
  const longestDelayMs = delays.max / 1e6;
  // Collecting all garbage at once is the doing of the soak.
  delays.disable();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  delays.reset();
  delays.enable();
  process.send?.({ bytes: heapUsed + external, longestDelayMs });
});
process.once('SIGTERM', async () => {
  process.disconnect();
  await operations.close({ graceMs: 1000 });
  await port.close();
  gateway?.close();
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
});
process.send?.({ port: port.port });
