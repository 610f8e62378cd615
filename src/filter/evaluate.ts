import { type PackedMessage, typeName, unpack } from '../core/any.js';
import type { Filter, MemberRoot, OperationField, Reading, Step } from './ast.js';
import { holds } from './holds.js';
import { nanosOfMs } from './time.js';

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
