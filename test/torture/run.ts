// `npm run torture -- [sqlite|postgres] [KILLS]`: kills servers that many times, 1,000 by default: one server on
// SQLite, or three on one PostgreSQL.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../helpers/postgres-server.ts';
import { postgresTorture } from './postgres.ts';
import { serverModule } from './server-process.ts';
import { sqliteTorture } from './sqlite.ts';
import { type TortureReport, torture } from './torture.ts';

const [store, given] = process.argv.length > 3 ? process.argv.slice(2) : ['sqlite', process.argv[2]];
const kills = Number(given ?? 1000);
if (!(Number.isInteger(kills) && kills > 0) || (store !== 'sqlite' && store !== 'postgres')) {
  console.error('usage: npm run torture -- [sqlite|postgres] [KILLS]');
  process.exit(2);
}

const startedAt = Date.now();
const module = serverModule(import.meta.url);
const onKill = (done: number) => {
  if (done % 50 === 0)
    console.error(`${done} of ${kills} kills, ${Math.round((Date.now() - startedAt) / 1000)} s`);
};

async function onSqlite(): Promise<TortureReport> {
  const directory = mkdtempSync(join(tmpdir(), 'longrunning-torture-'));
  const file = join(directory, 'operations.db');
  const report = await torture(sqliteTorture(file, { kills, module, onKill }));
  if (report.violations.length === 0) rmSync(directory, { recursive: true });
  else console.error(`the database is kept in ${directory}`);
  return report;
}

async function onPostgres(): Promise<TortureReport> {
  const postgres = await startPostgres();
  try {
    return await torture(postgresTorture(postgres, { kills, module, onKill }));
  } finally {
    await postgres.stop();
  }
}

const report = await (store === 'sqlite' ? onSqlite() : onPostgres());
console.log(JSON.stringify({ kills, ...report }, null, 2));
process.exitCode = report.violations.length === 0 ? 0 : 1;
