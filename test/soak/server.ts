// The server of a soak: `node --expose-gc server.ts`. Over IPC it takes what is to go wrong, a YAML list of faults, and
// tells for each how much memory is in use once everything that can be collected is. SIGTERM ends it.

import { servePort } from 'longrunning/gateway';
import { exampleService, fakeServer, parseScript } from 'longrunning/testing';
import { RETENTION_MS } from './honest-client.ts';

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
const fake = fakeServer({
  apis: [{ schema, script: script() }],
  operations: { retentionMs: RETENTION_MS, logger: quiet },
  recording: 'off',
});
const { server, gateway, operations } = fake;
const port = await servePort({ server, ...(gateway && { gateway }), address: '127.0.0.1:0' });

process.on('message', (faults: string) => {
  fake.replaceScript(script(faults));
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ bytes: heapUsed + external });
});
process.once('SIGTERM', async () => {
  process.disconnect();
  await operations.close({ graceMs: 1000 });
  await port.close();
  gateway?.close();
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
});
process.send?.({ port: port.port });
