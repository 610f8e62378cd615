import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import { nearest } from '../core/nearest.js';
import type { MessageType } from '../core/operation-method.js';
import { quoted, type StatusError } from '../core/status.js';
import type { Condition, Filter, MemberRoot, OperationField, Reading, Test } from './ast.js';
import { filterFault } from './lexer.js';
import { MessageShape, snakeCase } from './message-shape.js';
import { asksForPresence, type Expression, parseFilter, type Restriction, type Segment } from './parse.js';
import { findReading, type Unknown } from './reading.js';
import { codeTest, type Misfit, misfit, testOf } from './value-test.js';

/** Message types that operations may contain. A field of metadata or response must be in one of them. */
export type FilterTypes = Readonly<Record<MemberRoot, readonly MessageType<unknown>[]>>;

const ROOTS = ['name', 'done', 'error', 'metadata', 'response', 'create_time', 'end_time'] as const;

/**
 * Parses a filter and checks that its fields exist and accept its values and operators.
 *
 * @returns undefined for the empty filter, which matches everything.
 * @throws StatusError INVALID_ARGUMENT with the column and what was expected there.
 */
export function checkFilter(filter: string, types: FilterTypes): Filter | undefined {
  const expression = parseFilter(filter);
  return expression && new Checker(filter, types).check(expression);
}

/**
 * Like {@link checkFilter}, for the fields of one message, such as the resource of a list method. The result is for
 * {@link evaluateMessage}.
 */
export function checkMessageFilter(filter: string, type: MessageType<unknown>): Filter | undefined {
  const expression = parseFilter(filter);
  return (
    expression &&
    new Checker(filter, { metadata: [], response: [type] }, type.$type).check(inResponse(expression))
  );
}

/** Prefix of the fields of a message that is checked like the response of an operation. */
const RESPONSE: Segment = { name: 'response', at: -1 };

function inResponse(expression: Expression): Expression {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return { kind: expression.kind, operands: expression.operands.map(inResponse) };
    case 'not':
      return { kind: 'not', operand: inResponse(expression.operand) };
    case 'restriction':
      return { ...expression, path: [RESPONSE, ...expression.path] };
  }
}

/** Writes a path as in the filter. */
function pathText(path: readonly Segment[]): string {
  return path
    .filter((segment) => segment !== RESPONSE)
    .map(({ name }) => name)
    .join('.');
}

class Checker {
  readonly #filter: string;
  readonly #types: FilterTypes;
  /** The message whose fields a filter names, for errors. */
  readonly #place: string;
  readonly #shapes = new Map<MessageType<unknown>, MessageShape>();

  constructor(filter: string, types: FilterTypes, place = 'an operation') {
    this.#place = place;
    this.#filter = filter;
    this.#types = types;
  }

  check(expression: Expression): Filter {
    switch (expression.kind) {
      case 'and':
      case 'or':
        return { kind: expression.kind, operands: expression.operands.map((operand) => this.check(operand)) };
      case 'not':
        return { kind: 'not', operand: this.check(expression.operand) };
      case 'restriction':
        return this.#restriction(expression);
    }
  }

  #restriction(written: Restriction): Filter {
    const [first, ...inner] = written.path;
    const root = ROOTS.find((name) => name === first.name || protoCamelCase(name) === first.name);
    if (!root) throw this.#unknownField(first, '', ROOTS);
    const isMessage = root === 'error' || root === 'metadata' || root === 'response';
    const restriction =
      isMessage && inner.length === 0 && !asksForPresence(written) ? memberNamed(written) : written;
    const [second, third] = restriction.path.slice(1);
    switch (root) {
      case 'name':
      case 'done':
      case 'create_time':
      case 'end_time':
        if (second) throw this.#unknownField(second, root, []);
        return this.#condition(root, restriction);
      case 'error':
        return this.#condition(this.#known(root, second, third, ['code', 'message']), restriction);
      case 'metadata':
      case 'response':
        if (second && second.name !== '@type') return this.#member(root, restriction);
        return this.#condition(this.#known(root, second, third, ['@type']), restriction);
    }
  }

  /** Returns the named field of a message in the operation, or the message itself if there is no name. */
  #known<Of extends 'error' | MemberRoot, Name extends string>(
    of: Of,
    segment: Segment | undefined,
    beyond: Segment | undefined,
    names: readonly Name[],
  ): Of | `${Of}.${Name}` {
    if (!segment) return of;
    const name = names.find((each) => each === segment.name);
    if (name === undefined) throw this.#unknownField(segment, of, names);
    if (beyond) throw this.#unknownField(beyond, `${of}.${name}`, []);
    return `${of}.${name}`;
  }

  #condition(field: OperationField, restriction: Restriction): Condition {
    const test = asksForPresence(restriction) ? presenceTest(field) : fieldTest(field, restriction);
    if (test.kind === 'misfit') throw this.#misfit(restriction, test);
    return { kind: 'condition', field, test };
  }

  /**
   * Checks a field of metadata or response. Skips types that do not have it or do not accept the value,
   * unless no type remains.
   */
  #member(of: MemberRoot, restriction: Restriction): Filter {
    const { path, comparator, value } = restriction;
    const member = { names: path.slice(1).map(({ name }) => name), comparator, value };
    const readings = new Map<string, Reading>();
    const misfits: Misfit[] = [];
    const unknown: Unknown[] = [];
    for (const type of this.#types[of]) {
      const found = findReading(this.#shape(type), member);
      if (!('kind' in found)) readings.set(type.$type, { ...found, type });
      else if (found.kind === 'misfit') misfits.push(found);
      else unknown.push(found);
    }
    if (readings.size > 0) return { kind: 'member', of, readings };
    const [firstMisfit] = misfits;
    if (firstMisfit) throw this.#misfit(restriction, firstMisfit);
    const index = Math.max(0, ...unknown.map((each) => each.index));
    const segment = path[index + 1] ?? { name: value.text, at: value.at };
    const within = pathText(path.slice(0, index + 1));
    const candidates = unknown.filter((each) => each.index === index).flatMap((each) => each.candidates);
    throw this.#unknownField(segment, within, candidates.map(snakeCase));
  }

  #shape(type: MessageType<unknown>): MessageShape {
    const shape = this.#shapes.get(type) ?? new MessageShape(type);
    this.#shapes.set(type, shape);
    return shape;
  }

  #unknownField({ name, at }: Segment, within: string, candidates: readonly string[]): StatusError {
    const place = within === '' ? this.#place : quoted(within);
    const near = nearest(name.slice(0, LONGEST_NAME), candidates);
    const others = [...new Set(candidates)].slice(0, MOST_CANDIDATES).join(', ');
    const advice = near === undefined ? others && `; it has ${others}` : `; did you mean ${near}?`;
    return filterFault(
      this.#filter,
      at,
      quoted(name),
      `${place} has no such field${advice || '; leave it out'}`,
    );
  }

  #misfit({ path, comparator, comparatorAt, value }: Restriction, { part, advice }: Misfit): StatusError {
    const field = quoted(pathText(path));
    const [at, text] = part === 'value' ? [value.at, value.text] : [comparatorAt, comparator];
    return filterFault(this.#filter, at, `${quoted(text)} with ${field}`, advice);
  }
}

const LONGEST_NAME = 100;
const MOST_CANDIDATES = 12;

/** Rewrites `metadata:progress` to the equivalent `metadata.progress:*`. */
function memberNamed(restriction: Restriction): Restriction {
  const { path, comparator, value } = restriction;
  if (comparator !== ':') return restriction;
  const named = { name: value.text, at: value.at };
  return { ...restriction, path: [...path, named], value: { text: '*', wildcards: [0], at: value.at } };
}

/**
 * Returns a presence test. A field without presence counts as present if it differs from its default
 * (AIP-160).
 */
function presenceTest(field: OperationField): Test {
  if (field === 'done') return { kind: 'flag', comparator: '=', value: true };
  if (field === 'error.message') return { kind: 'text', comparator: '!=', value: '' };
  return { kind: 'present' };
}

function fieldTest(field: OperationField, { comparator, value }: Restriction): Test | Misfit {
  switch (field) {
    case 'done':
      return testOf('flag', comparator, value);
    case 'create_time':
    case 'end_time':
      return testOf('time', comparator, value);
    case 'error.code':
      return codeTest(comparator, value);
    case 'name':
    case 'error.message':
    case 'metadata.@type':
    case 'response.@type':
      return testOf('text', comparator, value);
    case 'error':
    case 'metadata':
    case 'response':
      return misfit('comparator', `the field is a message; name a field in it, or write ${field}:*`);
  }
}
