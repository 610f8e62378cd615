import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { bodyCases } from './cases/bodies.ts';
import { callCases } from './cases/calls.ts';
import { crowdCases } from './cases/crowd.ts';
import { footprintCases } from './cases/footprint.ts';
import { heldCases, waitCurves } from './cases/held.ts';
import { lifecycleCases } from './cases/lifecycles.ts';
import { memoryCases } from './cases/memory.ts';
import { postgresCases, replicaCurves } from './cases/postgres.ts';
import { restCases } from './cases/rest.ts';
import { signalCases } from './cases/signal.ts';
import { sizeCases } from './cases/size.ts';
import { startCases } from './cases/start.ts';
import { storeCases, storeCurves } from './cases/stores.ts';
import { waitCases } from './cases/wait.ts';
import type { CurveResult } from './harness/curve.ts';
import { environment } from './harness/environment.ts';
import { shortWithoutReason } from './harness/reasons.ts';
import { textTable } from './harness/report.ts';
import { type CaseResult, resultOf } from './harness/result.ts';
import { limitRounds } from './harness/rounds.ts';
import { storeRun, writePage } from './harness/stored-run.ts';

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
  ...bodyCases,
  ...storeCases,
  ...lifecycleCases,
  ...postgresCases,
  ...footprintCases,
];
/** After the cases, whose stores and waits they share. */
const CURVES = [...storeCurves, ...waitCurves, ...replicaCurves];
const NAMES = [...CASES, ...CURVES].map(({ name }) => name);
const USAGE = `usage: npm run bench -- [NAME...] [--json FILE] [--rounds N]
cases: ${NAMES.join(', ')} (default: all, which also writes docs/benchmarks.md)
--rounds: upper bound on the rounds of each case, to try it out; writes no document`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, rounds: { type: 'string' }, help: { type: 'boolean' } },
});
const unknown = positionals.find((name) => !NAMES.includes(name));
if (unknown !== undefined || values.help) {
  console.log(unknown === undefined ? USAGE : `there is no case ${unknown}\n${USAGE}`);
  process.exit(values.help ? 0 : 2);
}

if (values.rounds !== undefined) limitRounds(Number(values.rounds));

const isChosen = ({ name }: { readonly name: string }) =>
  positionals.length === 0 || positionals.includes(name);
const results: CaseResult[] = [];
for (const benchCase of CASES.filter(isChosen)) {
  console.error(`measuring ${benchCase.name} …`);
  const result = await resultOf(benchCase);
  console.error(`  ${result.verdict}, in ${(result.tookMs / 1000).toFixed(1)} s`);
  results.push(result);
}
const curves: CurveResult[] = [];
for (const { name, measure } of CURVES.filter(isChosen)) {
  console.error(`measuring the curve ${name} …`);
  const begun = performance.now();
  curves.push({ name, curve: await measure() });
  console.error(`  in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
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
  await writeFile(values.json, JSON.stringify({ environment: where, tookMs, results, curves }, null, 2));
if (positionals.length === 0 && values.rounds === undefined) {
  await storeRun({ where, tookMs, results, curves });
  await writePage();
}
