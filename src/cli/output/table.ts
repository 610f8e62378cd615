import { detailOf, type OperationView } from './operation-json.js';
import { printable } from './printable.js';

const HEAD = ['NAME', 'STATE', 'CREATED', 'ENDED', 'DETAIL'] as const;

/** Operations as a table for people, a line each, page by page: a column grows with what comes. */
export class OperationTable {
  #widths: readonly number[] | undefined;

  /** The lines of a page, below the head of the table if it is the first. */
  rows(page: readonly OperationView[]): string {
    const rows = [...(this.#widths ? [] : [HEAD]), ...page.map(cells)];
    const before = this.#widths ?? [];
    const widths = HEAD.map((_, column) =>
      rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), before[column] ?? 0),
    );
    this.#widths = widths;
    const line = (row: readonly string[]) =>
      row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    return rows.map((row) => line(row).trimEnd()).join('\n');
  }
}

function cells(operation: OperationView): string[] {
  const { state, json } = operation;
  const { name = '', metadata } = json;
  const { createTime, endTime } = metadata ?? {};
  return [name, state, time(createTime), time(endTime), detailOf(operation)].map(printable);
}

/** To the second: what stands behind it tells a person nothing. */
function time(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\.\d+/, '') : '-';
}
