// `npm run torture -- [KILLS]`: kills a server on SQLite so many times, 1,000 unless told otherwise.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverModule } from './server-process.ts';
import { torture } from './torture.ts';

const kills = Number(process.argv[2] ?? 1000);
if (!(Number.isInteger(kills) && kills > 0)) {
  console.error('usage: npm run torture -- [KILLS]');
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), 'longrunning-torture-'));
const startedAt = Date.now();
const report = await torture({
  store: `sqlite:${join(directory, 'operations.db')}`,
  servers: 1,
  kills,
  module: serverModule(import.meta.url),
  onKill: (done) => {
    if (done % 50 === 0)
      console.error(`${done} of ${kills} kills, ${Math.round((Date.now() - startedAt) / 1000)} s`);
  },
});
console.log(JSON.stringify({ kills, ...report }, null, 2));
if (report.violations.length === 0) rmSync(directory, { recursive: true });
else console.error(`the database is kept in ${directory}`);
process.exitCode = report.violations.length === 0 ? 0 : 1;
