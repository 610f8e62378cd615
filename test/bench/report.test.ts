import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { curveSvg } from '../../bench/harness/curve.ts';
import { shortWithoutReason } from '../../bench/harness/reasons.ts';
import { markdown } from '../../bench/harness/report.ts';
import { round, summarise } from '../../bench/harness/statistics.ts';
import { readRun } from '../../bench/harness/stored-run.ts';

const DOCS = join(__dirname, '../../docs');

describe('docs/benchmarks', () => {
  const run = readRun();

  it('the page and its plots are written from the stored results: `node bench/report.ts` writes them', () => {
    expect(readFileSync(join(DOCS, 'benchmarks.md'), 'utf8')).toBe(markdown(run));
    for (const { name, curve } of run.curves)
      expect(readFileSync(join(DOCS, 'benchmarks', `${name}.svg`), 'utf8')).toBe(curveSvg(curve));
  });

  it('each missed goal has a reason', () => {
    expect(shortWithoutReason(run.results)).toEqual([]);
  });

  it('the page has each case with its goal and verdict, and the medians of its rounds', () => {
    const page = markdown(run);
    for (const { case: benchCase, main, verdict } of run.results) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${benchCase.name}\` |`)) ?? '';
      expect(row).toContain(`| ${verdict} |`);
      if (benchCase.goal) expect(row).toContain(`| ${benchCase.goal.bound} ${benchCase.goal.ratio} |`);
      for (const side of ['ours', 'theirs'] as const) {
        const median = round(summarise(main.rounds.map((each) => each[side])).median);
        expect(row).toContain(`${benchCase[side]}: **${median}**`);
      }
    }
  });
});
