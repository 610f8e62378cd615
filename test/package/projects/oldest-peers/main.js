// Uses the oldest version of each optional package.

import assert from 'node:assert/strict';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { OperationsClient } from 'longrunning';
import { googleOperationsClient } from 'longrunning/gax';
import { openTelemetry } from 'longrunning/opentelemetry';
import { bearerTokens, createOperations } from 'longrunning/server';

const [issuer, audience] = ['https://issuer.example.com', 'reports'];
const { publicKey, privateKey } = await generateKeyPair('ES256');
const key = { ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'a' };
const signed = () =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'a' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('ann');

const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
const meterProvider = new MeterProvider();
meterProvider.addMetricReader(reader);
const spans = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider();
tracerProvider.addSpanProcessor(new SimpleSpanProcessor(spans));

const operations = createOperations({
  authorize: [bearerTokens({ issuer, audience, keys: [key] })],
  telemetry: openTelemetry({ meterProvider, tracerProvider }),
});
await operations.ready();
// jose 5 has no customFetch, by which requests to key servers are limited.
const remote = createOperations({
  authorize: [bearerTokens({ issuer, audience, jwksUri: `${issuer}/keys` })],
});
await assert.rejects(remote.ready(), /jose is older than 6/);
await remote.close();
const server = new Server();
operations.addTo(server);
const port = await new Promise((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
    error ? reject(error) : resolve(bound),
  );
});
const address = `127.0.0.1:${port}`;

/** Code of the error of a call. */
const codeOf = (call) =>
  call.then(
    () => 0,
    (error) => error.code,
  );
const withToken = (token) => new OperationsClient({ address, token });
const good = withToken(await signed().setExpirationTime('1h').sign(privateKey));
const expired = withToken(await signed().setExpirationTime(1).sign(privateKey));
await assert.rejects(good.getOperation({ name: 'operations/1' }), { code: 5 });
assert.equal(await codeOf(expired.getOperation({ name: 'operations/1' })), 16);

const { resourceMetrics } = await reader.collect();
const names = resourceMetrics.scopeMetrics.flatMap((scope) =>
  scope.metrics.map((metric) => metric.descriptor.name),
);
assert.ok(names.includes('rpc.server.call.duration'), `metrics are ${names}`);
assert.ok(spans.getFinishedSpans().length > 0, 'there are no spans');

// Without credentials on this machine, google-gax is loaded and reports that.
process.env.GOOGLE_APPLICATION_CREDENTIALS = '/nowhere.json';
const google = googleOperationsClient({ apiEndpoint: address });
assert.equal(await codeOf(google.getOperation({ name: 'operations/1' })), 16);

for (const client of [good, expired, google]) await client.close();
await operations.close({ graceMs: 0 });
server.forceShutdown();
process.exit();
