import { readFileSync } from 'node:fs';
import type { Series } from './bench-case.ts';
import { type Curve, type MeasuredLine, relative } from './curve.ts';
import type { Environment } from './environment.ts';
import { shortfalls } from './reasons.ts';
import { type CaseResult, ratioOf } from './result.ts';
import { type Summary, summarise } from './statistics.ts';

const HEADINGS = ['case', 'goal', 'ratio', 'middle half of the rounds', 'verdict'];

/** The results as a table for the terminal. */
export function textTable(results: readonly CaseResult[]): string {
  const rows = [HEADINGS, ...results.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** A curve that was measured. */
export interface CurveResult {
  readonly name: string;
  readonly curve: Curve;
}

/** All that a run found. */
export interface Run {
  readonly results: readonly CaseResult[];
  readonly curves: readonly CurveResult[];
  readonly where: Environment;
  readonly tookMs: number;
}

/** The whole of a run as `docs/benchmarks.md`. */
export function markdown({ results, curves, where, tookMs }: Run): string {
  return `# Benchmarks

Written by \`npm run bench\`; do not edit. The ratios are the claims: both sides are measured in one run, round
about. Absolute numbers are context, good for this machine and this day only.

${markdownTable([HEADINGS, ...results.map(cells)])}

${results.map(comparison).join('\n')}

## Rows that fall short

${shortfalls(results)}

## How cost grows

Each point is what the same thing costs with more of it, divided by what the first point of its line costs. All points
of a plot are measured side by side in the same rounds, and the median of the rounds is drawn.

${curves.map(plot).join('\n\n')}

## Method

${METHOD}

${NOTES}

## Machine

- ${where.date}: ${where.machine}; ${where.pinned ? 'server on the first CPU, load on the others' : 'not pinned'}
- ${Object.entries(where.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}

- The whole run took ${minutes(tookMs)}. Most of it: ${slowest(results)}

## Raw numbers

${[...results.map(rawNumbers), ...curves.map(curveNumbers)].join('\n\n')}
`;
}

/** Its file is beside the document, in a folder that is called like it. */
function plot({ name, curve: { title, lines } }: CurveResult): string {
  const shown = lines.map((line) => [line.label, ...relative(line).map(({ x, y }) => `${x}: ${round(y)}`)]);
  return `![${title}](benchmarks/${name}.svg)\n\n${shown.map(([label, ...points]) => `- ${label}: ${points.join(', ')}`).join('\n')}`;
}

function curveNumbers({ name, curve: { x, lines } }: CurveResult): string {
  const table = ({ label, quantity, points }: MeasuredLine) =>
    markdownTable([
      [x.title, `${label}: ${quantity}, median`, 'rounds'],
      ...points.map((point) => [
        String(point.x),
        round(summarise(point.values).median),
        point.values.map(round).join(' '),
      ]),
    ]);
  return `### ${name}\n\n${lines.map(table).join('\n\n')}`;
}

/** What there is to say of single cases, and of what was tried: written by hand. */
const NOTES = readFileSync(new URL('../notes.md', import.meta.url), 'utf8').trimEnd();

const METHOD = `Each case compares what the kit does (ours) with the least that does the same (theirs). Server and load
are separate processes, each on CPUs of its own where the system can pin them. After a warm-up the two sides
take turns, theirs, ours, theirs, ours, for as many rounds as the raw numbers show. The ratio of a case is the
median, over its rounds, of ours divided by theirs; half of the rounds lie in the range beside it.

Calls are made with 64 in flight over one connection, by a client on bare \`node:http2\`: the client of grpc-js
costs more per call than either server, so behind it both would look equally fast. 100,000 operations are
stored, and the names asked for are drawn at random among them, or, where a call changes what it names, each
once. The bare handler is a grpc-js server with the generated service definition whose handlers answer with a
constant: the very message that the kit stores, encoded anew for every call as the kit's is.

Imports are timed inside a fresh process, from before the first \`import()\` to after the last.

Waits are for 200 operations at once, of lengths drawn from 200 ms to 3 s, the same for both sides of a round. The
client that Google generates starts them all, in one process, on a server made with the kit, in another. The
delay runs from the moment when the work returns on the server until the \`await\` does in the client, by the
monotonic clock that they share; of each round the median counts. Calls are counted by the server, without
those that start operations. google-gax polls with the delays that the generated client has: 100 ms at first,
each 1.3 times the one before.

REST is asked for over 64 connections that are kept, one request after the other on each, by a client that does no
more than write the request and find the end of the answer. \`shared-port\` and \`rest-get\` have one server on both
sides, which listens twice: on a port of grpc-js, and on one that it shares with the gateway, in the same process. The
bare handler of \`rest-bare\` is one of \`node:http\` that writes a constant operation by \`JSON.stringify\`.

The crowd is 10,000 waits that begin at once, on one client of a server that allows 100 streams a connection, each
side a process. From that moment on an operation is cancelled every 250 ms, for ten seconds, while the waits arrive
and take turns.`;

function cells(result: CaseResult): string[] {
  const { name, goal } = result.case;
  return [
    name,
    goal ? `${goal.bound} ${goal.ratio}` : 'none',
    round(result.ratio.median),
    range(result.ratio),
    result.verdict,
  ];
}

function comparison({ case: { name, ours, theirs } }: CaseResult): string {
  return `- \`${name}\`: ${ours}, against ${theirs}`;
}

function rawNumbers({ case: { name }, main, context }: CaseResult): string {
  return `### ${name}\n\n${[main, ...context].map(seriesText).join('\n\n')}`;
}

function seriesText(series: Series): string {
  const { quantity, rounds } = series;
  const side = (name: string, values: readonly number[]) => {
    const { median } = summarise(values);
    return [name, round(median), values.map(round).join(' ')];
  };
  const table = markdownTable([
    [quantity, 'median', 'rounds'],
    side(
      'theirs',
      rounds.map(({ theirs }) => theirs),
    ),
    side(
      'ours',
      rounds.map(({ ours }) => ours),
    ),
  ]);
  const ratio = ratioOf(series);
  return `${table}\n\nOurs to theirs: ${round(ratio.median)} (${range(ratio)}).`;
}

/** The five cases that take the most time. */
function slowest(results: readonly CaseResult[]): string {
  return results
    .toSorted((a, b) => b.tookMs - a.tookMs)
    .slice(0, 5)
    .map((result) => `\`${result.case.name}\` ${(result.tookMs / 1000).toFixed(0)} s`)
    .join(', ');
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

/** Three digits say all that a measurement can. */
function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
