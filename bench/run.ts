import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { callCases } from './cases/calls.ts';
import { crowdCases } from './cases/crowd.ts';
import { heldCases } from './cases/held.ts';
import { lifecycleCases } from './cases/lifecycles.ts';
import { memoryCases } from './cases/memory.ts';
import { postgresCases } from './cases/postgres.ts';
import { restCases } from './cases/rest.ts';
import { signalCases } from './cases/signal.ts';
import { sizeCases } from './cases/size.ts';
import { startCases } from './cases/start.ts';
import { storeCases } from './cases/stores.ts';
import { waitCases } from './cases/wait.ts';
import { environment } from './harness/environment.ts';
import { shortWithoutReason } from './harness/reasons.ts';
import { markdown, textTable } from './harness/report.ts';
import { type CaseResult, resultOf } from './harness/result.ts';
import { limitRounds } from './harness/rounds.ts';

const CASES = [
  ...callCases,
  ...signalCases,
  ...memoryCases,
  ...startCases,
  ...sizeCases,
  ...waitCases,
  ...heldCases,
  ...crowdCases,
  ...restCases,
  ...storeCases,
  ...lifecycleCases,
  ...postgresCases,
];
const DOCUMENT = new URL('../docs/benchmarks.md', import.meta.url);
const USAGE = `usage: npm run bench -- [NAME...] [--json FILE] [--rounds N]
cases: ${CASES.map(({ name }) => name).join(', ')} (default: all, which also writes docs/benchmarks.md)
--rounds: at most so many of each case, to see that it works; writes no document`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, rounds: { type: 'string' }, help: { type: 'boolean' } },
});
const unknown = positionals.find((name) => !CASES.some((benchCase) => benchCase.name === name));
if (unknown !== undefined || values.help) {
  console.log(unknown === undefined ? USAGE : `there is no case ${unknown}\n${USAGE}`);
  process.exit(values.help ? 0 : 2);
}

if (values.rounds !== undefined) limitRounds(Number(values.rounds));

const chosen = CASES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const results: CaseResult[] = [];
for (const benchCase of chosen) {
  console.error(`measuring ${benchCase.name} …`);
  const result = await resultOf(benchCase);
  console.error(`  ${result.verdict}, in ${(result.tookMs / 1000).toFixed(1)} s`);
  results.push(result);
}
const tookMs = performance.now();
console.error(`measured in ${(tookMs / 1000).toFixed(0)} s`);
for (const name of shortWithoutReason(results))
  console.error(
    `${name} falls short and bench/reasons.md does not say why: add the heading "## ${name}" there`,
  );

console.log(textTable(results));
const where = environment();
if (values.json !== undefined)
  await writeFile(values.json, JSON.stringify({ environment: where, tookMs, results }, null, 2));
if (chosen.length === CASES.length && values.rounds === undefined)
  await writeFile(DOCUMENT, markdown(results, where, tookMs));
