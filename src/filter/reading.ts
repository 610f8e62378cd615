import type { Reading, Step, Test } from './ast.js';
import type { Comparator } from './lexer.js';
import { type Kind, type MessageShape, stepTo } from './message-shape.js';
import { asksForPresence, type Literal } from './parse.js';
import { enumTest, type Misfit, misfit, testOf } from './value-test.js';

/** Restriction on a field of one message, relative to that message. */
export interface MemberRestriction {
  readonly names: readonly string[];
  readonly comparator: Comparator;
  readonly value: Literal;
}

/** Result for a type that has no field of the given name. */
export interface Unknown {
  readonly kind: 'unknown';
  /**
   * Index of the unknown name in the path. The value of `message:field` counts as the name after the last.
   */
  readonly index: number;
  /** Existing field names. */
  readonly candidates: readonly string[];
}

/**
 * Location in a message: its path in data, and its path for probing the codec. The paths differ in map keys.
 */
interface Place {
  readonly path: readonly Step[];
  readonly probe: readonly Step[];
  readonly kind: Kind;
}

type Found = Omit<Reading, 'type'>;

/** Finds the reading of a field of one message type, with the test to apply. */
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

/** Resolves a name at a location: a key of a map or Struct, or a field in camelCase or snake_case. */
function step(shape: MessageShape, from: Place, name: string): Place | undefined {
  const { path, probe, kind } = inElements(shape, from);
  const there = (key: string, probeKey = key): Place | undefined => {
    const next = [...probe, { key: probeKey }];
    const found = shape.kindAt(next);
    return found && { path: [...path, { key }], probe: next, kind: found };
  };
  if (kind === 'dynamic') return { path: [...path, { key: name }], probe, kind };
  if (kind === 'map') return there(name, shape.mapKey(probe));
  const found = stepTo(shape, probe, name);
  return found && there(found.key);
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

/** Adds the default to a reading if ProtoJSON omits it. A codec keeps the default of fields with presence. */
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
  // Zero is omitted. An absent value therefore has the name that the codec drops, and differs from every name
  // that it keeps.
  return tellsUnset ? { path, test } : { path, whenAbsent: kept === text ? '' : text, test };
}

/**
 * Returns true if an enum name that a codec omits is the name of zero, the default. Generated codecs omit no
 * other name. Descriptor-based codecs also omit unknown names; for these, the naming rule of AIP-126
 * identifies zero.
 */
function isZeroName(shape: MessageShape, probe: readonly Step[], name: string): boolean {
  return !shape.leavesOutUnknownNames(probe) || /(?:^|_)UNSPECIFIED$/.test(name);
}
