import { readFileSync } from 'node:fs';
import { type CurveResult, relative } from './curve.ts';
import type { Environment } from './environment.ts';
import { shortfalls } from './reasons.ts';
import type { StoredResult } from './result.ts';
import { round, type Summary, summarise } from './statistics.ts';

const HEADINGS = ['case', 'goal', 'ratio', 'middle half of the rounds', 'verdict'];

/** The results as a table for the terminal. */
export function textTable(results: readonly StoredResult[]): string {
  const rows = [HEADINGS, ...results.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** The results of a whole run. */
export interface Run {
  readonly where: Environment;
  readonly tookMs: number;
  readonly results: readonly StoredResult[];
  readonly curves: readonly CurveResult[];
}

/** The page of a run, `docs/benchmarks.md`. */
export function markdown({ results, curves, where, tookMs }: Run): string {
  return `# Benchmarks

For contributors, and for users who compare. Written by \`npm run bench\`; do not edit. The ratios are the claims: both sides are
measured alternately in one run. Absolute figures are context for this machine and day.

${METHOD}

## Goals and figures

Ours and theirs are medians over the rounds, in the unit of the row. The ratio is ours divided by theirs, with the middle half
of the rounds in parentheses. Raw data: [cases.json](benchmarks/cases.json) and [curves.json](benchmarks/curves.json).

${markdownTable([FIGURES, ...results.map(figures)])}

## Missed goals

${shortfalls(results)}

## Growth

Each line is divided by its first point, round by round; the medians are drawn. All points of a plot are measured side by side in the
same rounds.

${curves.map(plot).join('\n\n')}

[Findings](../bench/notes.md) lists optimizations that were kept or dropped, with their measured effect.

## Machine

- ${where.date}: ${where.machine}; ${where.pinned ? 'server on the first CPU, load on the others' : 'not pinned'}
- ${Object.entries(where.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}
- Duration of the run: ${minutes(tookMs)}
`;
}

const FIGURES = ['case', 'ours', 'theirs', 'unit', 'ratio', 'goal', 'verdict'];

/** Row of the table of figures. */
function figures(result: StoredResult): string[] {
  const { name, ours, theirs } = result.case;
  const { quantity, rounds } = result.main;
  const median = (side: 'ours' | 'theirs') => round(summarise(rounds.map((each) => each[side])).median);
  const [, goal = '', ratio = '', spread = '', verdict = ''] = cells(result);
  return [
    `\`${name}\``,
    `${ours}: **${median('ours')}**`,
    `${theirs}: **${median('theirs')}**`,
    quantity,
    `**${ratio}** (${spread})`,
    goal,
    verdict,
  ];
}

/** A plot, in a folder with the name of the page, and its points. */
function plot({ name, curve: { title, lines } }: CurveResult): string {
  const shown = lines.map((line) => {
    const points = relative(line).map(({ x, y }) => `${x}: ${round(y)}`);
    return `- ${line.label}: ${points.join(', ')}`;
  });
  return `![${title}](benchmarks/${name}.svg)\n\n${shown.join('\n')}`;
}

/** Text of the page that is written by hand. */
const METHOD = readText('method.md');

function readText(file: string): string {
  return readFileSync(new URL(`../${file}`, import.meta.url), 'utf8').trimEnd();
}

function cells(result: StoredResult): string[] {
  const { name, goal } = result.case;
  return [
    name,
    goal ? `${goal.bound} ${goal.ratio}` : 'none',
    round(result.ratio.median),
    range(result.ratio),
    result.verdict,
  ];
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function markdownTable([headings = [], ...rows]: readonly (readonly string[])[]): string {
  const lines = [headings, headings.map(() => '---'), ...rows];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function range({ spread: [low, high] }: Summary): string {
  return `${round(low)} to ${round(high)}`;
}
