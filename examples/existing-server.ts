// Adds long-running methods to an existing gRPC server: PostgreSQL, REST, authorization, TLS, health and graceful shutdown.
import { readFileSync } from 'node:fs';
import { Server } from '@grpc/grpc-js';
import { createGateway, servePort } from 'longrunning/gateway';
import { ReportsService } from 'longrunning/generated/example/reports/v1/reports';
import { postgresStore } from 'longrunning/postgres';
import { addHealth, bearerTokens, createOperations, grpcLimits, service } from 'longrunning/server';
import { exportReport, purgeReports } from './reports/methods.ts';
import { settings } from './reports/settings.ts';

const { address, databaseUrl, certFile, keyFile, jwksUri, issuer, audience } = settings;
const operations = createOperations({
  services: [service(ReportsService, { exportReport, purgeReports })],
  store: postgresStore({ connectionString: databaseUrl }),
  authorize: [bearerTokens({ jwksUri, issuer, audience })],
});
const { authenticate } = operations;
const server = new Server(grpcLimits({ authenticate })); // your own services are here
operations.addTo(server);
addHealth(server, operations);
const descriptors = readFileSync(new URL(import.meta.resolve('longrunning/descriptors')));
const gateway = createGateway({ operations, descriptors });
const port = await servePort({ server, gateway, address, tls: { certFile, keyFile } });
console.log(`listening on ${port.address}`);
process.once('SIGTERM', () => operations.close({ graceMs: 20_000 }).then(() => port.close()));
