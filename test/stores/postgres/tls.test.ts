import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Code } from '../../../src/core/status.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { type CertificateMaker, certificateMaker } from '../../helpers/own-certificates.js';
import { startOwnPostgres } from '../../helpers/postgres-database.js';
import type { TestPostgres } from '../../helpers/postgres-server.ts';
import { recordOf } from '../stores.js';

/** URL for a host name or address, with TLS parameters. */
function urlOf({ url }: TestPostgres, host: string, parameters: Readonly<Record<string, string>>): string {
  const made = Object.assign(new URL(url), { hostname: host });
  for (const [name, value] of Object.entries(parameters)) made.searchParams.set(name, value);
  return made.href;
}

/** Connects, stores an operation and reads it. Resolves to the error if that fails. */
async function use(connectionString: string): Promise<unknown> {
  const store = postgresStore({ connectionString, poolSize: 2 });
  try {
    await store.create(recordOf(1));
    await store.delete(recordOf(1).name);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await store.close();
  }
}

describe('PostgreSQL with TLS', () => {
  let postgres: TestPostgres;
  let certificates: CertificateMaker;
  let trusted: string;
  let other: string;

  beforeAll(async () => {
    postgres = await startOwnPostgres();
    certificates = certificateMaker();
    const { cert, key } = await certificates.make('server');
    trusted = cert;
    other = (await certificates.make('other')).cert;
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    // Written by the server itself, because it must own its key.
    const write = (file: string, text: string) =>
      client.query(
        `DO $do$ BEGIN EXECUTE format('COPY (SELECT unnest(string_to_array(%L, E''\\n''))) TO PROGRAM %L', '${text}', 'umask 077; cat > "' || current_setting('data_directory') || '/${file}"'); END $do$`,
      );
    await write('server.crt', readFileSync(cert, 'utf8'));
    await write('server.key', readFileSync(key, 'utf8'));
    await write('pg_hba.conf', 'hostssl all all all scram-sha-256');
    await client.query('ALTER SYSTEM SET ssl = on');
    await client.query('SELECT pg_reload_conf()');
    await client.end();
    // The postmaster reloads its files asynchronously.
    const until = performance.now() + 60_000;
    const plain = urlOf(postgres, 'localhost', {});
    while ((await use(plain)) === undefined && performance.now() < until);
  });
  afterAll(async () => {
    await postgres.stop();
    await certificates[Symbol.asyncDispose]();
  });

  it('verify-full with the certificate authority: works', async () => {
    const url = urlOf(postgres, 'localhost', { sslmode: 'verify-full', sslrootcert: trusted });
    expect(await use(url)).toBeUndefined();
  });

  it.each<[string, string, () => Record<string, string>, RegExp]>([
    ['no TLS where pg_hba.conf has hostssl', 'localhost', () => ({}), /add `\?sslmode=verify-full`/],
    ['a certificate of nobody it knows', 'localhost', () => ({ sslmode: 'verify-full' }), /as `sslrootcert`/],
    [
      'another certificate authority',
      'localhost',
      () => ({ sslmode: 'verify-full', sslrootcert: other }),
      /as `sslrootcert`/,
    ],
    [
      'a host that the certificate does not have',
      '127.0.0.1',
      () => ({ sslmode: 'verify-full', sslrootcert: trusted }),
      /by a host name that the certificate has/,
    ],
  ])('%s: FAILED_PRECONDITION that says what to do', async (_what, host, parameters, advice) => {
    expect(await use(urlOf(postgres, host, parameters()))).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      message: expect.stringMatching(advice),
    });
  });

  it('a server without TLS that must use it: FAILED_PRECONDITION that says what to do', async () => {
    const plain = await startOwnPostgres();
    try {
      expect(await use(urlOf(plain, 'localhost', { sslmode: 'verify-full' }))).toMatchObject({
        code: Code.FAILED_PRECONDITION,
        message: expect.stringMatching(/configure TLS on the server/),
      });
    } finally {
      await plain.stop();
    }
  });
});
