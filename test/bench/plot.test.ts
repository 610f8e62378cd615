import { describe, expect, it } from '@jest/globals';
import { curveSvg, relative } from '../../bench/harness/curve.ts';
import { type Plot, svgPlot } from '../../bench/harness/plot.ts';
import { readReasons } from '../../bench/harness/reasons.ts';

const plot: Plot = {
  title: 'Time <of> calls',
  x: { title: 'operations stored', scale: 'log' },
  y: { title: 'time, times the first', scale: 'linear' },
  lines: [
    {
      label: 'SQLite',
      points: [
        { x: 1000, y: 1 },
        { x: 1_000_000, y: 2 },
      ],
    },
  ],
};

describe('plots of the benchmarks', () => {
  it('names both axes, the lines and the ticks, and escapes what it writes', () => {
    const svg = svgPlot(plot);
    for (const content of ['operations stored', 'time, times the first', 'SQLite', '10k', '1 M'])
      expect(svg).toContain(`>${content}<`);
    expect(svg).toContain('Time &#60;of&#62; calls');
    expect(svg).not.toContain('<of>');
  });

  it('is a document with a colour of its text for light grounds and one for dark ones', () => {
    const svg = svgPlot(plot);
    expect(svg).toMatch(/^<svg xmlns=[\s\S]*<\/svg>\n$/);
    expect(svg).toContain('prefers-color-scheme:dark');
  });

  it('places powers of ten evenly on a log axis, and values from 0 up on a linear one', () => {
    const line = { label: 'a', points: [10, 100, 1000].map((x, y) => ({ x, y })) };
    const dots = [...svgPlot({ ...plot, lines: [line] }).matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)];
    const [first, second, third] = dots.map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
    expect(second?.x).toBeCloseTo(((first?.x ?? 0) + (third?.x ?? 0)) / 2, 1);
    expect(second?.y).toBeCloseTo(((first?.y ?? 0) + (third?.y ?? 0)) / 2, 1);
    expect(first?.y).toBeGreaterThan(third?.y ?? Number.POSITIVE_INFINITY);
  });

  it('has no ticks between whole numbers where nothing is', () => {
    const lines = [{ label: 'a', points: [1, 2, 3].map((x) => ({ x, y: 100 * x })) }];
    const x = { title: 'replicas', scale: 'linear' } as const;
    expect(svgPlot({ ...plot, x, lines })).toContain('>1.5<');
    expect(svgPlot({ ...plot, x: { ...x, leastStep: 1 }, lines })).not.toContain('>1.5<');
  });

  it('draws values that are all alike, and a single point', () => {
    const line = { label: 'a', points: [{ x: 1, y: 1 }] };
    expect(svgPlot({ ...plot, lines: [line] })).not.toContain('NaN');
  });

  it.each([0, -1, Number.NaN])('refuses %p on a log axis', (x) => {
    const line = { label: 'a', points: [{ x, y: 1 }] };
    expect(() => svgPlot({ ...plot, lines: [line] })).toThrow(
      `value ${x} has no place on the log axis "operations stored": leave it out`,
    );
  });

  it('refuses to draw nothing', () => {
    expect(() => svgPlot({ ...plot, lines: [] })).toThrow('plot "Time <of> calls" has no points');
  });
});

describe('curves of the benchmarks', () => {
  const line = {
    label: 'pages',
    quantity: 'ms',
    points: [
      { x: 1, values: [1, 10, 2] },
      { x: 2, values: [3, 20, 8] },
    ],
  };

  it('divide each round by the first point of the same round, and take the median', () => {
    expect(relative(line)).toEqual([
      { x: 1, y: 1 },
      { x: 2, y: 3 },
    ]);
  });

  it('are drawn as that', () => {
    expect(curveSvg({ title: 'pages', x: plot.x, y: plot.y, lines: [line] })).toContain('<polyline');
  });
});

describe('reasons of rows that fall short', () => {
  it('are read by the name of the case, without what stands before the first', () => {
    const reasons = readReasons('What this is.\n\n## get\n\nBecause.\nOf that.\n\n## wait\n\nAnother.\n');
    expect([...reasons]).toEqual([
      ['get', 'Because.\nOf that.'],
      ['wait', 'Another.'],
    ]);
  });
});
