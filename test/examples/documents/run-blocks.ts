// Runs code blocks of the documents, each as a module, with the variables that they use without defining them. Prints one line
// of JSON per block. Usage: node run-blocks.ts DIRECTORY, with `blocks.json` there: [{ file, text }].

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { credentials, Server } from '@grpc/grpc-js';
import Fastify from 'fastify';
import { OperationsClient } from 'longrunning';
import { createGateway } from 'longrunning/gateway';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { startTestServer } from 'longrunning/testing';
import { startReportsServer } from '../../../examples/reports/server.ts';
import { certificateMaker } from '../../helpers/own-certificates.ts';

/** Time after which a block that still runs is sent SIGTERM, as an operator would. */
const PATIENCE_MS = 2_000;

const [directory = '.'] = process.argv.slice(2);
const blocks: readonly { file: string; text: string }[] = JSON.parse(
  readFileSync(join(directory, 'blocks.json'), 'utf8'),
);
process.chdir(directory);
process.env.METADATA_SERVER_DETECTION = 'none';

const problems: unknown[] = [];
process.on('unhandledRejection', (reason) => problems.push(reason));

const reports = await startReportsServer(async ({ title }, { signal, update }) => {
  await sleep(150, undefined, { signal });
  await update({ progressPercent: 50 });
  await sleep(150, undefined, { signal });
  return { uri: `file:///reports/${title}.csv`, rowCount: 1 };
});
const google = await startTestServer();
await google.fake('google/cloud/gkemulticloud/v1/attached_service.proto', {
  includeDirs: [join(import.meta.dirname, '../../../node_modules/@google-cloud/gkemulticloud/build/protos')],
  script: { default: { durationMs: 200 } },
});

copyFileSync(join(import.meta.dirname, '../../../generated/descriptors.binpb'), 'api.binpb');
const certificates = certificateMaker();
const { cert, key } = await certificates.make('localhost');
for (const file of ['localhost.pem', 'ca.pem', 'tls.crt']) copyFileSync(cert, file);
for (const file of ['localhost-key.pem', 'tls.key']) copyFileSync(key, file);

/** Values that stand for those of a reader's own environment. */
const [googleHost, googlePort] = google.address.split(':');
const googleOptions = `{ apiEndpoint: '${googleHost}', port: ${googlePort}, sslCreds: insecure }`;
const googleAuth = "auth: { getRequestHeaders: async () => new Headers({ authorization: 'Bearer a' }) }";
const REPLACEMENTS: readonly (readonly [string, string])[] = [
  ['localhost:50051', reports.address],
  ['new AttachedClustersClient()', `new AttachedClustersClient(${googleOptions})`],
  ["{ apiEndpoint: 'gkemulticloud.googleapis.com' }", `{ apiEndpoint: '${google.address}', ${googleAuth} }`],
  ['0.0.0.0:8443', '127.0.0.1:0'],
  ['localhost:50052', '127.0.0.1:0'],
  ['listen(8080)', 'listen(0)'],
  ['postgres://user:password@host/database', process.env.DATABASE_URL ?? ''],
];

for (const { file, text } of blocks) {
  let source = text;
  for (const [written, actual] of REPLACEMENTS) source = source.replaceAll(written, actual);
  writeFileSync(file, source);
  problems.length = 0;
  await prepare();
  const error = await run(file).then(
    () => problems[0],
    (thrown: unknown) => thrown ?? 'undefined was thrown',
  );
  const stack = error instanceof Error ? (error.stack ?? error.message) : error;
  console.log(`\n${JSON.stringify({ file, ...(error !== undefined && { error: String(stack) }) })}`);
}
await certificates[Symbol.asyncDispose]();
process.exit(0);

/** Evaluates a module. If it waits for a signal to stop, sends it. */
async function run(file: string): Promise<void> {
  const evaluated = import(pathToFileURL(join(directory, file)).href);
  const late = AbortSignal.timeout(PATIENCE_MS);
  const pending = await Promise.race([evaluated.then(() => false), sleep(PATIENCE_MS).then(() => true)]);
  if (!pending) return;
  if (late.aborted && process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM');
  await Promise.race([
    evaluated,
    sleep(10_000).then(() => Promise.reject(new Error('the block does not end'))),
  ]);
}

/** Sets the variables that `ambient.ts` declares. */
async function prepare(): Promise<void> {
  const client = new OperationsClient({ address: reports.address });
  const server = new Server();
  const parent = 'projects/example/locations/europe-west3';
  const operation = await client.start(ReportsOperations.exportReport, { parent, title: 'July' });
  Object.assign(globalThis, {
    ReportsOperations,
    client,
    operation,
    name: operation.name,
    parent,
    saved: JSON.stringify(operation),
    server,
    gateway: createGateway({ server }),
    fastify: Fastify(),
    insecure: credentials.createInsecure(),
    request: { parent: 'projects/p/locations/l', attachedClusterId: `c${Date.now()}` },
    draw: () => {},
    fetchToken: async () => 'token',
    collect: async () => [],
    write: async () => 'file:///report.csv',
  });
}
