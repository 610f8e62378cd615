import { detailOf, type OperationView } from './operation-json.js';
import { cutEnd, cutStart, padEnd, printable, textWidth } from './terminal-text.js';

const HEAD = ['NAME', 'STATE', 'CREATED', 'ENDED', 'DETAIL'] as const;
const [NAME, DETAIL] = [0, 4];
const GAP = '  ';

/** Columns to shrink in a narrow terminal, in this order, with their minimum widths. */
const SHRINKING = [
  [DETAIL, 12],
  [NAME, 20],
  [DETAIL, 0],
  [NAME, 8],
] as const;

/** Options of an {@link OperationTable}. */
export interface TableOptions {
  /** Width of the terminal in columns. @defaultValue no limit */
  readonly columns?: number | undefined;
  /** Returns the time in milliseconds since 1970. @defaultValue Date.now */
  readonly now?: () => number;
}

/** Table with one line per operation, formatted page by page. A column grows with the widest cell so far. */
export class OperationTable {
  readonly #columns: number;
  readonly #now: () => number;
  #natural: readonly number[] | undefined;

  constructor({ columns = Number.POSITIVE_INFINITY, now = Date.now }: TableOptions = {}) {
    this.#columns = columns;
    this.#now = now;
  }

  /** Formats a page, preceded by the table header if it is the first. */
  rows(page: readonly OperationView[]): string {
    const nowMs = this.#now();
    const rows = [...(this.#natural ? [] : [HEAD]), ...page.map((operation) => cells(operation, nowMs))];
    const before = this.#natural ?? [];
    const natural = HEAD.map((_, column) =>
      rows.reduce((widest, row) => Math.max(widest, textWidth(row[column] ?? '')), before[column] ?? 0),
    );
    this.#natural = natural;
    const widths = shrunk(natural, this.#columns);
    return rows.map((row) => this.#line(row, widths)).join('\n');
  }

  #line(row: readonly string[], widths: readonly number[]): string {
    const fitted = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      // Names differ at their end.
      return padEnd(column === NAME ? cutStart(cell, width) : cutEnd(cell, width), width);
    });
    return cutEnd(fitted.join(GAP).trimEnd(), this.#columns);
  }
}

function shrunk(natural: readonly number[], columns: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - columns;
  for (const [column, least] of SHRINKING) {
    const width = widths[column] ?? 0;
    const cut = Math.min(Math.max(0, excess), Math.max(0, width - least));
    widths[column] = width - cut;
    excess -= cut;
  }
  return widths;
}

function cells(operation: OperationView, nowMs: number): string[] {
  const { state, json } = operation;
  const { name = '', metadata } = json;
  const { createTime, endTime } = metadata ?? {};
  return [name, state, ageOf(createTime, nowMs), ageOf(endTime, nowMs), detailOf(operation)].map(printable);
}

const UNITS = [
  ['y', 365 * 86_400],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/**
 * Formats a ProtoJSON timestamp relative to now: `5m ago`, rounded down; `-` without a timestamp.
 *
 * @param nowMs - milliseconds since 1970.
 */
export function ageOf(time: unknown, nowMs: number): string {
  const timeMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(timeMs)) return '-';
  const seconds = Math.trunc((nowMs - timeMs) / 1000);
  const [unit, unitSeconds] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['s', 1];
  const amount = `${Math.trunc(Math.abs(seconds) / unitSeconds)}${unit}`;
  // The clocks of server and client may differ.
  return seconds < 0 ? `in ${amount}` : `${amount} ago`;
}
