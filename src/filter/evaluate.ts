import { type PackedMessage, pack, typeName, unpack } from '../core/any.js';
import type { MessageType } from '../core/operation-method.js';
import type {
  DynamicTest,
  Equality,
  Filter,
  MemberRoot,
  OperationField,
  Order,
  Pattern,
  Reading,
  Step,
  Test,
} from './ast.js';
import { nanosOfMs, parseDuration, parseNumber, parseTime } from './scalars.js';

/** Fields of an operation that filters read. Times are milliseconds since 1970. */
export interface FilteredOperation {
  readonly name: string;
  readonly createTime: number;
  readonly endTime?: number;
  readonly metadata: PackedMessage | undefined;
  readonly result?:
    | { readonly $case: 'response'; readonly value: PackedMessage }
    | { readonly $case: 'error'; readonly value: { readonly code: number; readonly message: string } };
}

/**
 * Returns true if an operation matches a filter. Metadata or a response that cannot be decoded matches
 * nothing. Never throws.
 */
export function evaluate(filter: Filter, operation: FilteredOperation): boolean {
  return matchesFilter(filter, new Reader(operation));
}

/** Returns true if a message matches a filter of `checkMessageFilter`. */
export function evaluateMessage<Message>(
  filter: Filter,
  type: MessageType<Message>,
  message: Message,
): boolean {
  const result = { $case: 'response', value: pack(type, message) } as const;
  return evaluate(filter, { name: '', createTime: 0, metadata: undefined, result });
}

function matchesFilter(filter: Filter, reader: Reader): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.operands.every((operand) => matchesFilter(operand, reader));
    case 'or':
      return filter.operands.some((operand) => matchesFilter(operand, reader));
    case 'not':
      return !matchesFilter(filter.operand, reader);
    case 'condition':
      return holds(filter.test, reader.field(filter.field));
    case 'member': {
      const message = reader.message(filter.of);
      const reading = message && filter.readings.get(typeName(message));
      if (!reading) return false;
      const values = valuesAt(reader.json(filter.of, reading), reading.path, reading.whenAbsent);
      return values.some((value) => holds(reading.test, value));
    }
  }
}

/** Reads one operation and decodes each message at most once. */
class Reader {
  readonly #operation: FilteredOperation;
  readonly #json = new Map<MemberRoot, unknown>();

  constructor(operation: FilteredOperation) {
    this.#operation = operation;
  }

  field(field: OperationField): unknown {
    const { name, createTime, endTime, metadata, result } = this.#operation;
    const error = result?.$case === 'error' ? result.value : undefined;
    switch (field) {
      case 'name':
        return name;
      case 'done':
        return result !== undefined;
      case 'create_time':
        return nanosOfMs(createTime);
      case 'end_time':
        return endTime === undefined ? undefined : nanosOfMs(endTime);
      case 'error':
        return error;
      case 'error.code':
        return error?.code;
      case 'error.message':
        return error?.message;
      case 'metadata':
        return metadata;
      case 'metadata.@type':
        return metadata?.typeUrl;
      case 'response':
        return this.message('response');
      case 'response.@type':
        return this.message('response')?.typeUrl;
    }
  }

  message(of: MemberRoot): PackedMessage | undefined {
    const { metadata, result } = this.#operation;
    switch (of) {
      case 'metadata':
        return metadata;
      case 'response':
        return result?.$case === 'response' ? result.value : undefined;
    }
  }

  /** Returns the ProtoJSON of a message, or undefined if it cannot be decoded. */
  json(of: MemberRoot, { type }: Reading): unknown {
    if (!this.#json.has(of)) this.#json.set(of, this.#decoded(of, type));
    return this.#json.get(of);
  }

  #decoded(of: MemberRoot, type: Reading['type']): unknown {
    const message = this.message(of);
    try {
      return message && type.toJSON(unpack(type, message));
    } catch {
      return undefined;
    }
  }
}

/** Returns the values at a path: none if a part of the path is unset, several if it leads through a list. */
function valuesAt(json: unknown, path: readonly Step[], whenAbsent: Reading['whenAbsent']): unknown[] {
  const [step, ...rest] = path;
  if (step === undefined) return [json];
  if (step === 'elements') {
    return Array.isArray(json) ? json.flatMap((element) => valuesAt(element, rest, whenAbsent)) : [];
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return [];
  if (Object.hasOwn(json, step.key)) {
    return valuesAt((json as Record<string, unknown>)[step.key], rest, whenAbsent);
  }
  return rest.length === 0 && whenAbsent !== undefined ? [whenAbsent] : [];
}

/**
 * Returns true if a value passes a test.
 *
 * @param value - in ProtoJSON; a time may also be a bigint, in nanoseconds since 1970. Undefined means unset
 * and passes no test, like a value of the wrong type.
 */
function holds(test: Test, value: unknown): boolean {
  if (value === undefined) return false;
  switch (test.kind) {
    case 'present':
      return true;
    case 'flag':
      return typeof value === 'boolean' && (value === test.value) === (test.comparator === '=');
    case 'number': {
      const number = numericValue(value);
      return number !== undefined && ordered(test.comparator, number, test.value);
    }
    case 'text':
      return typeof value === 'string' && ordered(test.comparator, value, test.value);
    case 'pattern':
      return typeof value === 'string' && equal(test.comparator, matches(test.value, value));
    case 'enum':
      // An unnamed number is a value, too, and differs from every name.
      return equal(test.comparator, value === test.value);
    case 'time': {
      const nanos = typeof value === 'string' ? parseTime(value) : value;
      return typeof nanos === 'bigint' && ordered(test.comparator, nanos, test.value);
    }
    case 'duration': {
      const nanos = durationValue(value);
      return nanos !== undefined && ordered(test.comparator, nanos, test.value);
    }
    case 'dynamic':
      return holdsDynamically(test, value);
  }
}

function holdsDynamically(test: DynamicTest, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return test.tests.some((each) => holds(each, value));
  if (test.has === undefined) return false;
  return Array.isArray(value)
    ? value.some((element) => holdsDynamically(test, element))
    : Object.hasOwn(value, test.has);
}

/** Converts a duration to nanoseconds. It may be in ProtoJSON or, with ts-proto, a message. */
function durationValue(value: unknown): bigint | undefined {
  if (typeof value === 'string') return parseDuration(value);
  if (typeof value !== 'object' || value === null) return undefined;
  const { seconds = 0, nanos = 0 } = value as { seconds?: unknown; nanos?: unknown };
  if (!isWhole(seconds) || !isWhole(nanos)) return undefined;
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}

function isWhole(value: unknown): value is number | string {
  return Number.isInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value));
}

function numericValue(value: unknown): bigint | number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value !== 'string') return undefined;
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity' || value === '-Infinity') return Number(value);
  return parseNumber(value);
}

function matches({ text, anyBefore, anyAfter }: Pattern, value: string): boolean {
  if (anyBefore) return anyAfter ? value.includes(text) : value.endsWith(text);
  return anyAfter ? value.startsWith(text) : value === text;
}

function equal(comparator: Equality, same: boolean): boolean {
  return same === (comparator === '=');
}

/** Compares a bigint with a number by value, like `<` and `==` and unlike `===`. */
function ordered<Value extends string | number | bigint>(comparator: Order, a: Value, b: Value): boolean {
  switch (comparator) {
    case '=':
      return a >= b && a <= b;
    case '!=':
      return !(a >= b && a <= b);
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}
