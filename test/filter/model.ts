import fc from 'fast-check';
import { ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { Empty } from '../../generated/google/protobuf/empty.js';
import { pack } from '../../src/core/any.js';
import type { FilteredOperation } from '../../src/filter/evaluate.js';

/** A filter with an independent implementation of its matching. */
export interface Modelled {
  readonly filter: string;
  readonly matches: (operation: FilteredOperation) => boolean;
  /** True if SQL can express the whole filter. */
  readonly pushable: boolean;
}

type Op = '=' | '!=' | '<' | '<=' | '>' | '>=';

const EQUALITIES = ['=', '!='] as const;
const OPS = [...EQUALITIES, '<', '<=', '>', '>='] as const;

const HOLDS: Readonly<Record<Op, (difference: number) => boolean>> = {
  '=': (difference) => difference === 0,
  '!=': (difference) => difference !== 0,
  '<': (difference) => difference < 0,
  '<=': (difference) => difference <= 0,
  '>': (difference) => difference > 0,
  '>=': (difference) => difference >= 0,
};

function compare(op: Op, difference: number): boolean {
  return HOLDS[op](difference);
}

const letter = fc.constantFrom('a', 'A', 'b', '%', '_', '[', ']', '?', '\\', '*', "'", '^', 'é', '.', '-');
const text = fc.string({ unit: letter, maxLength: 4 });
const oddText = fc.oneof({ weight: 20, arbitrary: text }, fc.constantFrom('\0', 'a\0b', '\ud800'));

const TYPE_URLS = [pack(ReportMetadata, ReportMetadata.fromPartial({})), pack(Empty, {})].map(
  ({ typeUrl }) => typeUrl,
);

function quote(value: string): string {
  return `"${value.replace(/["\\*]/g, '\\$&')}"`;
}

function textCondition(
  field: string,
  values: fc.Arbitrary<string>,
  read: (operation: FilteredOperation) => string | undefined,
  pushable: boolean,
): fc.Arbitrary<Modelled> {
  const whole = fc.tuple(fc.constantFrom(...OPS), values).map(([op, value]) => ({
    filter: `${field} ${op} ${quote(value)}`,
    matches: (operation: FilteredOperation) => {
      const found = read(operation);
      return found !== undefined && compare(op, found < value ? -1 : found > value ? 1 : 0);
    },
    pushable: pushable && (op === '=' || op === '!=') && !/\0|\ud800/.test(value),
  }));
  const ends = fc.constantFrom(['*', ''], ['', '*'], ['*', '*']);
  const wild = fc.tuple(fc.constantFrom(...EQUALITIES), values, ends).map(([op, value, [before, after]]) => {
    const escaped = value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    const pattern = new RegExp(`^${before ? '[^]*' : ''}${escaped}${after ? '[^]*' : ''}$`);
    return {
      filter: `${field} ${op} "${before}${quote(value).slice(1, -1)}${after}"`,
      matches: (operation: FilteredOperation) => {
        const found = read(operation);
        return found !== undefined && pattern.test(found) === (op === '=');
      },
      pushable: pushable && !/\0|\ud800/.test(value),
    };
  });
  return fc.oneof(whole, wild);
}

function timeCondition(
  field: string,
  read: (operation: FilteredOperation) => number | undefined,
): fc.Arbitrary<Modelled> {
  const halves = fc.integer({ min: -6, max: 12 });
  return fc.tuple(fc.constantFrom(...OPS), halves).map(([op, half]) => ({
    filter: `${field} ${op} "${new Date(Math.floor(half / 2)).toISOString().slice(0, -1)}${half % 2 ? '5' : ''}Z"`,
    matches: (operation) => {
      const found = read(operation);
      return found !== undefined && compare(op, found * 2 - half);
    },
    pushable: true,
  }));
}

function errorOf({ result }: FilteredOperation) {
  return result?.$case === 'error' ? result.value : undefined;
}

const codeCondition: fc.Arbitrary<Modelled> = fc
  .tuple(fc.constantFrom(...OPS), fc.constantFrom('0', '1', 'CANCELLED', '-3', '5', 'NOT_FOUND', '16', '17'))
  .map(([op, value]) => ({
    filter: `error.code ${op} ${value}`,
    matches: (operation) => {
      const error = errorOf(operation);
      const code = value === 'CANCELLED' ? 1 : value === 'NOT_FOUND' ? 5 : Number(value);
      return error !== undefined && compare(op, error.code - code);
    },
    pushable: true,
  }));

const fixedCondition: fc.Arbitrary<Modelled> = fc.constantFrom<Modelled>(
  { filter: 'done = true', matches: ({ result }) => !!result, pushable: true },
  { filter: 'done != true', matches: ({ result }) => !result, pushable: true },
  { filter: 'done:false', matches: ({ result }) => !result, pushable: true },
  { filter: 'done:*', matches: ({ result }) => !!result, pushable: true },
  { filter: 'name:*', matches: () => true, pushable: true },
  { filter: 'end_time:*', matches: ({ result }) => !!result, pushable: true },
  { filter: 'error:*', matches: (operation) => !!errorOf(operation), pushable: true },
  { filter: 'response:*', matches: ({ result }) => result?.$case === 'response', pushable: true },
  { filter: 'metadata:*', matches: ({ metadata }) => !!metadata, pushable: true },
  { filter: 'error.message:*', matches: (operation) => !!errorOf(operation)?.message, pushable: false },
);

const progressCondition: fc.Arbitrary<Modelled> = fc
  .tuple(fc.constantFrom(...OPS), fc.integer({ min: -1, max: 3 }))
  .map(([op, value]) => ({
    filter: `metadata.progress_percent ${op} ${value}`,
    matches: ({ metadata }) => {
      if (!metadata || metadata.typeUrl !== TYPE_URLS[0] || metadata.value[0] === 0xff) return false;
      return compare(op, ReportMetadata.decode(metadata.value).progressPercent - value);
    },
    pushable: false,
  }));

const condition: fc.Arbitrary<Modelled> = fc.oneof(
  textCondition('name', oddText, ({ name }) => name, true),
  textCondition(
    'metadata.@type',
    fc.oneof(text, fc.constantFrom(...TYPE_URLS)),
    (o) => o.metadata?.typeUrl,
    true,
  ),
  textCondition(
    'response.@type',
    fc.constantFrom(...TYPE_URLS, 'google'),
    ({ result }) => (result?.$case === 'response' ? result.value.typeUrl : undefined),
    true,
  ),
  textCondition('error.message', text, (operation) => errorOf(operation)?.message, false),
  timeCondition('create_time', ({ createTime }) => createTime),
  timeCondition('end_time', ({ endTime }) => endTime),
  codeCondition,
  fixedCondition,
  progressCondition,
);

/** Filters of every form over the fields of all operations and one field of metadata. */
export const modelledFilter: fc.Arbitrary<Modelled> = fc.letrec<{ filter: Modelled }>((tie) => {
  const several = fc.array(tie('filter'), { minLength: 2, maxLength: 3 });
  return {
    filter: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      condition,
      tie('filter').map(({ filter, matches, pushable }) => ({
        filter: `NOT (${filter})`,
        matches: (operation: FilteredOperation) => !matches(operation),
        pushable,
      })),
      several.map((all) => ({
        filter: all.map(({ filter }) => `(${filter})`).join(' AND '),
        matches: (operation: FilteredOperation) => all.every(({ matches }) => matches(operation)),
        pushable: all.every(({ pushable }) => pushable),
      })),
      several.map((all) => ({
        filter: all.map(({ filter }) => `(${filter})`).join(' OR '),
        matches: (operation: FilteredOperation) => all.some(({ matches }) => matches(operation)),
        pushable: all.every(({ pushable }) => pushable),
      })),
    ),
  };
}).filter;

const metadata = fc.oneof(
  fc.constant(undefined),
  fc
    .integer({ min: 0, max: 3 })
    .map((progressPercent) => pack(ReportMetadata, ReportMetadata.fromPartial({ progressPercent }))),
  fc.constant({ typeUrl: TYPE_URLS[0] as string, value: new Uint8Array([0xff]) }),
  text.map((typeUrl) => ({ typeUrl, value: new Uint8Array() })),
);

const result: fc.Arbitrary<NonNullable<FilteredOperation['result']>> = fc.oneof(
  fc.record({
    $case: fc.constant('error' as const),
    value: fc.record({ code: fc.integer({ min: 1, max: 16 }), message: text }),
  }),
  fc.constantFrom({ $case: 'response' as const, value: pack(Empty, {}) }),
);

const time = fc.integer({ min: -3, max: 6 });

/** Operations that these filters distinguish. */
export const operation: fc.Arbitrary<FilteredOperation> = fc.oneof(
  fc.record({ name: text, createTime: time, metadata }),
  fc.record({ name: text, createTime: time, metadata, endTime: time, result }),
);
