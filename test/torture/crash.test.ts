import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startOwnPostgres } from '../helpers/postgres-database.js';
import { tempDirectory } from '../helpers/sqlite-file.js';
import { postgresTorture } from './postgres.ts';
import { sqliteTorture } from './sqlite.ts';
import { torture } from './torture.ts';

describe('crash', () => {
  it('one server on SQLite, killed a dozen times: nothing acknowledged is lost (contract 4, 16, 17, 19)', async () => {
    using directory = tempDirectory();
    const file = join(directory.path, 'operations.db');
    const report = await torture(sqliteTorture(file, { kills: 12, module: join(__dirname, 'server.ts') }));
    expect(report.violations).toEqual([]);
    expect(report.operations).toBeGreaterThan(0);
    expect(report.resumed).toBeGreaterThan(0);
  });

  it('three servers on one PostgreSQL, killed, suspended and disconnected: nothing acknowledged is lost (contract 4, 16, 17, 19)', async () => {
    const postgres = await startOwnPostgres();
    try {
      const report = await torture(
        postgresTorture(postgres, { kills: 8, module: join(__dirname, 'server.ts') }),
      );
      expect(report.violations).toEqual([]);
      expect(report.operations).toBeGreaterThan(0);
      expect(report.resumed).toBeGreaterThan(0);
    } finally {
      await postgres.stop();
    }
  });
});
