import {
  type Condition,
  type Filter,
  msOfNanos,
  nanosOfMs,
  type OperationField,
  type Order,
  type Pattern,
} from '../../filter/index.js';

/** Syntax of parameters and patterns in a database. */
export type SqlDialect =
  | { readonly name: 'sqlite' }
  /** `firstParameter` is the number of the first `$n`. */
  | { readonly name: 'postgres'; readonly firstParameter: number };

/** Condition of a WHERE clause, parenthesized if necessary. */
export interface SqlCondition {
  readonly sql: string;
  readonly parameters: (string | number)[];
}

/**
 * Compiles the part of a filter that a database can evaluate. Every operation that matches the filter satisfies the
 * condition. Others may satisfy it too, so the caller must also apply `ListQuery.matches` to each result.
 *
 * The condition is never NULL. It reads these columns:
 * - `name`
 * - `create_time` and `end_time`, in milliseconds since 1970; `end_time` is NULL until the end
 * - `error_code`, NULL without an error
 * - `metadata_type` and `response_type`, type URLs, NULL without the message
 */
export function compileFilter(filter: Filter, dialect: SqlDialect): SqlCondition {
  const compiler = new Compiler(dialect);
  const sql = compiler.necessary(filter, 'affirmed') ?? 'TRUE';
  return { sql, parameters: compiler.parameters };
}

type Polarity = 'affirmed' | 'negated';

class Compiler {
  readonly parameters: (string | number)[] = [];
  readonly #dialect: SqlDialect;

  constructor(dialect: SqlDialect) {
    this.#dialect = dialect;
  }

  /**
   * Returns a condition that holds whenever the filter does or, if negated, whenever the filter does not. Undefined
   * if SQL cannot express one. NOT is pushed down to the conditions: negating a condition that is true too often
   * would exclude matches.
   */
  necessary(filter: Filter, polarity: Polarity): string | undefined {
    switch (filter.kind) {
      case 'not':
        return this.necessary(filter.operand, polarity === 'affirmed' ? 'negated' : 'affirmed');
      case 'and':
        return polarity === 'affirmed'
          ? this.#all(filter.operands, polarity)
          : this.#any(filter.operands, polarity);
      case 'or':
        return polarity === 'affirmed'
          ? this.#any(filter.operands, polarity)
          : this.#all(filter.operands, polarity);
      case 'condition': {
        const sql = this.#condition(filter);
        return sql !== undefined && polarity === 'negated' ? `NOT ${sql}` : sql;
      }
      case 'member':
        return undefined;
    }
  }

  #all(operands: readonly Filter[], polarity: Polarity): string | undefined {
    const known = operands.flatMap((operand) => this.necessary(operand, polarity) ?? []);
    return known.length === 0 ? undefined : `(${known.join(' AND ')})`;
  }

  #any(operands: readonly Filter[], polarity: Polarity): string | undefined {
    const before = this.parameters.length;
    const known = operands.map((operand) => this.necessary(operand, polarity));
    if (!known.includes(undefined)) return `(${known.join(' OR ')})`;
    // The other operands are dropped, and their parameters with them.
    this.parameters.length = before;
    return undefined;
  }

  /** Returns SQL that is true if the condition holds, and false, never NULL, otherwise. */
  #condition({ field, test }: Condition): string | undefined {
    const column = COLUMNS[field];
    if (column === undefined) return undefined;
    const { sql, nullable } = column;
    const whenSet = (comparison: string) =>
      nullable ? `(${sql} IS NOT NULL AND ${comparison})` : `(${comparison})`;
    switch (test.kind) {
      case 'present':
        return nullable ? `(${sql} IS NOT NULL)` : '(TRUE)';
      case 'flag':
        return `(${sql} IS ${test.value === (test.comparator === '=') ? 'NOT NULL' : 'NULL'})`;
      case 'number':
        return whenSet(`${sql} ${test.comparator} ${this.#parameter(Number(test.value))}`);
      case 'time':
        return whenSet(this.#time(sql, test.comparator, test.value));
      case 'text': {
        const isEquality = test.comparator === '=' || test.comparator === '!=';
        // Databases order text by their own collations.
        if (!isEquality || !isStorable(test.value)) return undefined;
        return whenSet(`${sql} ${test.comparator} ${this.#parameter(test.value)}`);
      }
      case 'pattern':
        if (!isStorable(test.value.text)) return undefined;
        return whenSet(this.#pattern(sql, test.comparator === '=' ? '' : 'NOT ', test.value));
      case 'enum':
      case 'duration':
      case 'dynamic':
        return undefined;
    }
  }

  /** Compares whole milliseconds with a time that may lie between two of them. */
  #time(column: string, comparator: Order, nanos: bigint): string {
    const ms = msOfNanos(nanos);
    const between = nanosOfMs(ms) !== nanos;
    if (!between) return `${column} ${comparator} ${this.#parameter(ms)}`;
    switch (comparator) {
      case '=':
        return 'FALSE';
      case '!=':
        return 'TRUE';
      case '<':
      case '<=':
        return `${column} <= ${this.#parameter(ms)}`;
      case '>':
      case '>=':
        return `${column} > ${this.#parameter(ms)}`;
    }
  }

  #pattern(column: string, negation: '' | 'NOT ', { text, anyBefore, anyAfter }: Pattern): string {
    const around = (wildcard: string, escaped: string) =>
      this.#parameter(`${anyBefore ? wildcard : ''}${escaped}${anyAfter ? wildcard : ''}`);
    switch (this.#dialect.name) {
      case 'sqlite':
        // SQLite's LIKE ignores case.
        return `${column} ${negation}GLOB ${around('*', text.replace(/[*?[]/g, '[$&]'))}`;
      case 'postgres':
        return `${column} ${negation}LIKE ${around('%', text.replace(/[\\%_]/g, '\\$&'))} ESCAPE '\\'`;
    }
  }

  #parameter(value: string | number): string {
    const index = this.parameters.push(value) - 1;
    switch (this.#dialect.name) {
      case 'sqlite':
        return '?';
      case 'postgres':
        return `$${this.#dialect.firstParameter + index}`;
    }
  }
}

interface Column {
  readonly sql: string;
  readonly nullable: boolean;
}

const COLUMNS: Readonly<Partial<Record<OperationField, Column>>> = {
  name: { sql: 'name', nullable: false },
  done: { sql: 'end_time', nullable: true },
  create_time: { sql: 'create_time', nullable: false },
  end_time: { sql: 'end_time', nullable: true },
  error: { sql: 'error_code', nullable: true },
  'error.code': { sql: 'error_code', nullable: true },
  metadata: { sql: 'metadata_type', nullable: true },
  'metadata.@type': { sql: 'metadata_type', nullable: true },
  response: { sql: 'response_type', nullable: true },
  'response.@type': { sql: 'response_type', nullable: true },
};

/** Returns true if a database preserves the text: PostgreSQL rejects NUL, and SQLite ends a pattern at it. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** Returns true if the filter matches only unfinished operations, so that a store can use their index. */
export function wantsUnfinished(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.operands.some(wantsUnfinished);
    case 'not':
      return wantedDone(filter.operand) === true;
    case 'condition':
      return wantedDone(filter) === false;
    case 'or':
    case 'member':
      return false;
  }
}

/** Value of `done` that a condition requires; undefined if it requires none. */
function wantedDone(filter: Filter): boolean | undefined {
  if (filter.kind !== 'condition' || filter.field !== 'done' || filter.test.kind !== 'flag') return undefined;
  return filter.test.value === (filter.test.comparator === '=');
}
