// `npm run soak -- [MINUTES]`: 2,000 honest clients, and hostile ones, for ten minutes unless told otherwise.

import { fileURLToPath } from 'node:url';
import { soak } from './soak.ts';
import { measureStalls } from './stalls.ts';

const minutes = Number(process.argv[2] ?? 10);
if (!(minutes > 0)) {
  console.error('usage: npm run soak -- [MINUTES]');
  process.exit(2);
}

const module = fileURLToPath(new URL('server.ts', import.meta.url));
const stalls = await measureStalls(module);
console.error('longest delay of the event loop, in milliseconds, for each request by itself:');
for (const [title, delayMs] of Object.entries(stalls))
  console.error(`${delayMs.toFixed(0).padStart(6)} ${title}`);

let samples = 0;
const report = await soak({
  durationMs: minutes * 60_000,
  clients: 2000,
  module,
  onProgress({ lives, bytes }) {
    if (samples++ % 60 === 0) console.error(`${lives} operations, ${Math.round(bytes / 2 ** 20)} MiB in use`);
  },
});
const { bytes, ...summary } = report;
const mebibytes = bytes.map((count) => Math.round(count / 2 ** 20));
console.log(
  JSON.stringify(
    { minutes, ...summary, mebibytes: mebibytes.join(' '), unexpected: summary.unexpected.slice(0, 20) },
    null,
    2,
  ),
);
const isFine = report.unexpected.length === 0 && report.growth < 1.1 && report.exit === 0;
process.exitCode = isFine ? 0 : 1;
