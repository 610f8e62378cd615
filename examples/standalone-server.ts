// Serves long-running methods over gRPC and REST, with PostgreSQL, authorization, TLS, health and graceful shutdown.

import { readFileSync } from 'node:fs';
import { ReportsService } from 'longrunning/generated/example/reports/v1/reports';
import { postgresStore } from 'longrunning/postgres';
import { bearerTokens, iamPolicy, serve, service } from 'longrunning/server';
import { exportReport, purgeReports } from './reports/methods.ts';
import { policy, settings } from './reports/settings.ts';

const { address, databaseUrl, certFile, keyFile, jwksUri, issuer, audience } = settings;
const descriptors = readFileSync(new URL(import.meta.resolve('longrunning/descriptors')));
const running = await serve({
  address,
  tls: { certFile, keyFile },
  services: [service(ReportsService, { exportReport, purgeReports })],
  store: postgresStore({ connectionString: databaseUrl }),
  authorize: [bearerTokens({ jwksUri, issuer, audience }), iamPolicy(policy)],
  rest: { descriptors }, // HTTP rules and types of the service
  shutdown: { drainDelayMs: 5_000, graceMs: 20_000 },
});
console.log(`listening on ${running.address}`);
await running.done; // until SIGTERM or SIGINT
