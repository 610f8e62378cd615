import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { callCases } from './cases/calls.ts';
import { crowdCases } from './cases/crowd.ts';
import { importCases } from './cases/import.ts';
import { postgresCases } from './cases/postgres.ts';
import { restCases } from './cases/rest.ts';
import { storeCases } from './cases/stores.ts';
import { waitCases } from './cases/wait.ts';
import { environment } from './harness/environment.ts';
import { markdown, textTable } from './harness/report.ts';
import { type CaseResult, resultOf } from './harness/result.ts';

const CASES = [
  ...callCases,
  ...importCases,
  ...waitCases,
  ...crowdCases,
  ...restCases,
  ...storeCases,
  ...postgresCases,
];
const DOCUMENT = new URL('../docs/benchmarks.md', import.meta.url);
const USAGE = `usage: npm run bench -- [NAME...] [--json FILE]
cases: ${CASES.map(({ name }) => name).join(', ')} (default: all, which also writes docs/benchmarks.md)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, help: { type: 'boolean' } },
});
const unknown = positionals.find((name) => !CASES.some((benchCase) => benchCase.name === name));
if (unknown !== undefined || values.help) {
  console.log(unknown === undefined ? USAGE : `there is no case ${unknown}\n${USAGE}`);
  process.exit(values.help ? 0 : 2);
}

const chosen = CASES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const results: CaseResult[] = [];
for (const benchCase of chosen) {
  console.error(`measuring ${benchCase.name} …`);
  results.push(await resultOf(benchCase));
}

console.log(textTable(results));
const where = environment();
if (values.json !== undefined)
  await writeFile(values.json, JSON.stringify({ environment: where, results }, null, 2));
if (chosen.length === CASES.length) await writeFile(DOCUMENT, markdown(results, where));
