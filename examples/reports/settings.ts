import type { Policy } from 'longrunning/server';

const { env } = process;

/** Settings of the example servers, from the environment. */
export const settings = {
  address: env['ADDRESS'] ?? '0.0.0.0:8443',
  databaseUrl: env['DATABASE_URL'] ?? 'postgres://localhost/reports',
  certFile: env['TLS_CERT'] ?? 'tls.crt',
  keyFile: env['TLS_KEY'] ?? 'tls.key',
  jwksUri: env['JWKS_URI'] ?? 'https://accounts.example.com/.well-known/jwks.json',
  issuer: env['ISSUER'] ?? 'https://accounts.example.com',
  audience: env['AUDIENCE'] ?? 'https://reports.example.com',
};

/** Every authenticated caller may do everything. */
export const policy: Policy = {
  service: 'reports',
  roles: { user: ['reports.*'] },
  bindings: [{ role: 'user', members: ['allAuthenticatedUsers'], resources: ['projects/**'] }],
};
