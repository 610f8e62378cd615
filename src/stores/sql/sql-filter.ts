import type { Condition, Filter, OperationField, Order, Pattern } from '../../filter/ast.js';
import { msOfNanos, nanosOfMs } from '../../filter/time.js';

/** How a database writes parameters and patterns. */
export type SqlDialect =
  | { readonly name: 'sqlite' }
  /** `firstParameter` is the number of the first `$n`. */
  | { readonly name: 'postgres'; readonly firstParameter: number };

/** A condition for a WHERE clause, in parentheses where it needs them. */
export interface SqlCondition {
  readonly sql: string;
  readonly parameters: (string | number)[];
}

/**
 * The part of a filter that a database can answer. Every operation that matches the filter satisfies it; some
 * that do not match may too, so whoever asks applies `ListQuery.matches` to what it gets.
 *
 * The condition is never NULL. It reads the columns `name`; `create_time` and `end_time`, in milliseconds since
 * 1970, `end_time` NULL until the end; `error_code`, NULL without an error; `metadata_type` and `response_type`,
 * type URLs, NULL without the message.
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
   * What is true wherever the filter is (or, negated, wherever it is not); undefined when SQL can say nothing.
   * NOT is moved down to the conditions: negating what may be true too often would be true too seldom.
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
    // What was said of the others goes unsaid, and so do their parameters.
    this.parameters.length = before;
    return undefined;
  }

  /** What is true exactly where the condition is, and false, not NULL, elsewhere. */
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
        // Databases order text by rules of their own.
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
        // LIKE of SQLite takes a for A.
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

/** Whether text reaches a database as it is: PostgreSQL refuses NUL, SQLite stops reading a pattern at it. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
