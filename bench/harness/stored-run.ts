import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { curveSvg } from './curve.ts';
import { markdown, type Run } from './report.ts';
import type { StoredResult } from './result.ts';
import { round } from './statistics.ts';

const PAGE = new URL('../../docs/benchmarks.md', import.meta.url);
const FOLDER = new URL('../../docs/benchmarks/', import.meta.url);
const CASES = new URL('cases.json', FOLDER);
const CURVES = new URL('curves.json', FOLDER);

/** Reads the latest run from `docs/benchmarks`. */
export function readRun(): Run {
  const { where, tookMs, results } = JSON.parse(readFileSync(CASES, 'utf8')) as Omit<Run, 'curves'>;
  return { where, tookMs, results, curves: JSON.parse(readFileSync(CURVES, 'utf8')) as Run['curves'] };
}

/** Replaces the latest run in `docs/benchmarks`, with numbers of three digits. */
export async function storeRun({ where, tookMs, results, curves }: Run): Promise<void> {
  const stored = results.map(({ case: benchCase, ratio, verdict, main, context }) => {
    return { case: benchCase, ratio, verdict, main, context } satisfies StoredResult;
  });
  await mkdir(FOLDER, { recursive: true });
  await writeFile(CASES, json({ where, tookMs: Math.round(tookMs), results: stored }));
  await writeFile(CURVES, json(curves));
}

/** Writes `docs/benchmarks.md` and its plots from the stored run. */
export async function writePage(): Promise<void> {
  const run = readRun();
  for (const { name, curve } of run.curves) await writeFile(new URL(`${name}.svg`, FOLDER), curveSvg(curve));
  await writeFile(PAGE, markdown(run));
}

function json(value: unknown): string {
  const rounded = (_: string, each: unknown) =>
    typeof each === 'number' && !Number.isInteger(each) ? Number(round(each)) : each;
  const text = JSON.stringify(value, rounded, 2);
  // One round per line, and the values of a point on one line.
  const compact = text
    .replaceAll(/\{\s+"ours": ([^,\s]+),\s+"theirs": ([^\s]+)\s+\}/g, '{ "ours": $1, "theirs": $2 }')
    .replaceAll(
      /\[\s+(-?[\d.][^[\]{}"]*?)\s+\]/g,
      (_, list: string) => `[${list.replaceAll(/,\s+/g, ', ')}]`,
    );
  return `${compact}\n`;
}
