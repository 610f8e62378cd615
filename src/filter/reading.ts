import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import type { Reading, Step, Test } from './ast.js';
import type { Comparator } from './lexer.js';
import type { Kind, MessageShape } from './message-shape.js';
import { snakeCase } from './snake-case.js';
import { asksForPresence, type Literal } from './syntax.js';
import { enumTest, type Misfit, misfit, testOf } from './value-test.js';

/** What a filter says of one member of a message, without the name of what holds the message. */
export interface MemberRestriction {
  readonly names: readonly string[];
  readonly comparator: Comparator;
  readonly value: Literal;
}

/** A type has no field of that name. */
export interface Unknown {
  readonly kind: 'unknown';
  /** The index of the name among those asked for; that of the value of `message:field` comes after the last. */
  readonly index: number;
  /** The names that there are instead. */
  readonly candidates: readonly string[];
}

/** A place in a message: where data has it, and where a codec shows what it is. They differ in the keys of maps. */
interface Place {
  readonly path: readonly Step[];
  readonly probe: readonly Step[];
  readonly kind: Kind;
}

type Found = Omit<Reading, 'type'>;

/** How to read a member of one message type, and what to ask of it. */
export function findReading(shape: MessageShape, restriction: MemberRestriction): Found | Misfit | Unknown {
  const { names, comparator } = restriction;
  let place: Place = { path: [], probe: [], kind: 'message' };
  for (const [index, name] of names.entries()) {
    const next = step(shape, place, name);
    if (!next)
      return { kind: 'unknown', index, candidates: shape.fieldNames(inElements(shape, place).probe) };
    place = next;
  }
  if (asksForPresence(restriction)) return { path: place.path, test: { kind: 'present' } };
  if (place.path.includes('elements') || place.kind === 'list') {
    if (comparator !== ':')
      return misfit('comparator', 'the field is repeated; use ":" to look for an element');
    place = inElements(shape, place);
  }
  if (place.kind === 'map' || place.kind === 'message') {
    return hasMember(shape, place, names.length, restriction);
  }
  return findTest(shape, place, restriction);
}

function hasMember(
  shape: MessageShape,
  place: Place,
  index: number,
  { comparator, value }: MemberRestriction,
): Found | Misfit | Unknown {
  if (comparator !== ':') {
    return misfit(
      'comparator',
      `the field is a ${place.kind}; name a field in it, or use ":" to see if it has one`,
    );
  }
  const member = step(shape, place, value.text);
  if (member) return { path: member.path, test: { kind: 'present' } };
  return { kind: 'unknown', index, candidates: shape.fieldNames(place.probe) };
}

/** The place that a name stands for: a key of a map or Struct, or a field in camelCase or snake_case. */
function step(shape: MessageShape, from: Place, name: string): Place | undefined {
  const { path, probe, kind } = inElements(shape, from);
  const there = (key: string, probeKey = key): Place | undefined => {
    const next = [...probe, { key: probeKey }];
    const found = shape.kindAt(next);
    return found && { path: [...path, { key }], probe: next, kind: found };
  };
  if (kind === 'dynamic') return { path: [...path, { key: name }], probe, kind };
  if (kind === 'map') return there(name, shape.mapKey(probe));
  return there(protoCamelCase(name)) ?? there(name) ?? there(snakeCase(name));
}

function inElements(shape: MessageShape, { path, probe, kind }: Place): Place {
  if (kind !== 'list') return { path, probe, kind };
  const elements = [...probe, 'elements' as const];
  return { path: [...path, 'elements'], probe: elements, kind: shape.kindAt(elements) ?? 'dynamic' };
}

function findTest(
  shape: MessageShape,
  { path, probe, kind }: Place,
  { comparator, value }: MemberRestriction,
): Found | Misfit {
  switch (kind) {
    case 'message':
    case 'map':
    case 'list':
      return misfit('value', 'elements that are lists cannot be compared; leave the condition out');
    case 'enum':
      return findEnumTest(shape, { path, probe, kind }, comparator, value);
    case 'flag':
      return withDefault(shape, probe, path, false, testOf(kind, comparator, value));
    case 'number':
      return withDefault(shape, probe, path, 0, testOf(kind, comparator, value));
    case 'text':
      return withDefault(shape, probe, path, '', testOf(kind, comparator, value));
    case 'time':
    case 'duration':
    case 'dynamic': {
      const test = testOf(kind, comparator, value);
      return test.kind === 'misfit' ? test : { path, test };
    }
  }
}

/** ProtoJSON leaves out a default unless the field tells set from unset; then a codec keeps the default. */
function withDefault(
  shape: MessageShape,
  probe: readonly Step[],
  path: readonly Step[],
  whenAbsent: boolean | number | string,
  test: Test | Misfit,
): Found | Misfit {
  if (test.kind === 'misfit') return test;
  return shape.keep(probe, whenAbsent) === undefined ? { path, whenAbsent, test } : { path, test };
}

function findEnumTest(
  shape: MessageShape,
  { path, probe }: Place,
  comparator: Comparator,
  { text }: Literal,
): Found | Misfit {
  const test = enumTest(comparator, text);
  if (test.kind === 'misfit') return test;
  const kept = shape.keep(probe, text);
  const tellsUnset = shape.keep(probe, 0) !== undefined;
  if (kept !== text && (kept !== undefined || tellsUnset || !isZeroName(shape, probe, text))) {
    const names = shape.enumNames(probe).join(', ');
    return misfit('value', `the enum has no such value; write one of ${names}`);
  }
  // Zero is left out: what is absent has the name that is not kept, and differs from every name that is.
  return tellsUnset ? { path, test } : { path, whenAbsent: kept === text ? '' : text, test };
}

/**
 * Whether a name that a codec leaves out is that of zero, the default. Generated codecs leave out nothing else.
 * One made of a descriptor leaves out unknown names as well; there AIP-126 tells the name of zero.
 */
function isZeroName(shape: MessageShape, probe: readonly Step[], name: string): boolean {
  return !shape.leavesOutUnknownNames(probe) || /(?:^|_)UNSPECIFIED$/.test(name);
}
