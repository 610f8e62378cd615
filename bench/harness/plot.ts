/** How the values of an axis become places on it. */
export type Scale = 'linear' | 'log';

/** What one axis shows. */
export interface Axis {
  /** With the unit: `operations stored`. */
  readonly title: string;
  readonly scale: Scale;
  /** Where there is nothing between whole numbers: 1. @defaultValue as close as they can be read */
  readonly leastStep?: number;
}

/** One line of a plot. */
export interface Line {
  readonly label: string;
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What to draw. */
export interface Plot {
  readonly title: string;
  readonly x: Axis;
  /** From 0 when linear. */
  readonly y: Axis;
  readonly lines: readonly Line[];
}

const WIDTH = 720;
const HEIGHT = 400;
const AREA = { left: 76, right: WIDTH - 20, top: 48, bottom: HEIGHT - 104 };
const LEGEND_ROWS = [HEIGHT - 32, HEIGHT - 12];
/** Tell apart by shape as well as by colour; of a contrast of 3 to 1 at least on white and on black. */
const COLOURS = ['#0b7fd0', '#d1571c', '#2c8f4a', '#a35bd6'];
const DASHES = ['', '7 4', '2 3', '9 3 2 3'];
const STYLE = `text{font:12px sans-serif;fill:#24292f}.title{font-size:15px;font-weight:600}.grid{stroke:#8888;stroke-width:.5}.axis{stroke:#888}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}}`;

/**
 * Draws lines over two axes, on a transparent ground.
 *
 * @returns the text of an SVG.
 * @throws RangeError when there is nothing to draw, or a value has no place on its axis.
 */
export function svgPlot({ title, x, y, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0) throw new RangeError(`plot "${title}" has no points: give it one at least`);
  const across = scaleOf(
    x,
    points.map((point) => point.x),
    [AREA.left, AREA.right],
  );
  const up = scaleOf(
    y,
    y.scale === 'linear' ? [0, ...points.map((point) => point.y)] : points.map((point) => point.y),
    [AREA.bottom, AREA.top],
  );
  const parts = [
    text(title, { x: AREA.left, y: 24, attributes: 'class="title"' }),
    ...across.ticks.map(
      (tick) =>
        vertical(across.place(tick)) +
        text(short(tick), {
          x: across.place(tick),
          y: AREA.bottom + 18,
          attributes: 'text-anchor="middle"',
        }),
    ),
    ...up.ticks.map(
      (tick) =>
        horizontal(up.place(tick)) +
        text(short(tick), { x: AREA.left - 8, y: up.place(tick) + 4, attributes: 'text-anchor="end"' }),
    ),
    text(x.title, {
      x: (AREA.left + AREA.right) / 2,
      y: AREA.bottom + 42,
      attributes: 'text-anchor="middle"',
    }),
    upright(y.title),
    ...lines.map((line, index) => drawn(line, index, { across, up })),
    ...lines.map(legend),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}</style>
${parts.join('\n')}
</svg>
`;
}

interface AxisScale {
  place(value: number): number;
  readonly ticks: readonly number[];
}

function scaleOf(
  { title, scale, leastStep = 0 }: Axis,
  values: readonly number[],
  [from, to]: [number, number],
): AxisScale {
  const outside = values.find((value) => !Number.isFinite(value) || (scale === 'log' && value <= 0));
  if (outside !== undefined)
    throw new RangeError(`value ${outside} has no place on the ${scale} axis "${title}": leave it out`);
  const ticks = (scale === 'log' ? logTicks : linearTicks)(
    Math.min(...values),
    Math.max(...values),
    leastStep,
  );
  const along = scale === 'log' ? Math.log10 : (value: number) => value;
  const [low, high] = [along(ticks[0] ?? 0), along(ticks.at(-1) ?? 1)];
  return { ticks, place: (value) => from + ((along(value) - low) / (high - low)) * (to - from) };
}

/** Powers of ten that enclose the values. */
function logTicks(least: number, most: number): number[] {
  const first = Math.floor(Math.log10(least));
  const last = Math.max(first + 1, Math.ceil(Math.log10(most)));
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}

/** Nine at most, multiples of 1, 2, 2.5 or 5 times a power of ten, that enclose the values. */
function linearTicks(least: number, most: number, leastStep: number): number[] {
  const range = most - least || 1;
  const power = 10 ** Math.floor(Math.log10(range / 4));
  const close = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => range / size <= 6) ?? range;
  const step = Math.max(close, leastStep);
  const first = Math.floor(least / step);
  const last = Math.max(first + 1, Math.ceil(most / step));
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(6)),
  );
}

function drawn(
  { points }: Line,
  index: number,
  { across, up }: { readonly across: AxisScale; readonly up: AxisScale },
): string {
  const places = points.map(({ x, y }) => [across.place(x).toFixed(1), up.place(y).toFixed(1)] as const);
  const path = places.map((place) => place.join(',')).join(' ');
  const dots = places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3.5" fill="${colour(index)}"/>`);
  return `<polyline points="${path}" fill="none" ${stroke(index)}/>${dots.join('')}`;
}

/** Two to a row. */
function legend({ label }: Line, index: number): string {
  const left = AREA.left + (index % 2) * ((AREA.right - AREA.left) / 2);
  const top = LEGEND_ROWS[Math.floor(index / 2)] ?? HEIGHT;
  return `<line x1="${left}" y1="${top - 4}" x2="${left + 32}" y2="${top - 4}" ${stroke(index)}/>${text(label, { x: left + 40, y: top })}`;
}

function stroke(index: number): string {
  return `stroke="${colour(index)}" stroke-width="2" stroke-dasharray="${DASHES[index % DASHES.length]}"`;
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? '#888';
}

function vertical(x: number): string {
  return `<line x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${AREA.top}" y2="${AREA.bottom}" class="grid"/>`;
}

function horizontal(y: number): string {
  return `<line x1="${AREA.left}" x2="${AREA.right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" class="grid"/>`;
}

function upright(title: string): string {
  const y = (AREA.top + AREA.bottom) / 2;
  return text(title, { x: 22, y, attributes: `text-anchor="middle" transform="rotate(-90 22 ${y})"` });
}

function text(
  content: string,
  { x, y, attributes = '' }: { readonly x: number; readonly y: number; readonly attributes?: string },
): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped(content)}</text>`;
}

function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6} M`;
  return value >= 1000 ? `${value / 1000}k` : String(value);
}

function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
