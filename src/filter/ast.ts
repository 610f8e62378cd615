import type { MessageType } from '../core/operation-method.js';

/** A checked filter: its fields exist and its values have the right types. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Filter[] }
  | { readonly kind: 'not'; readonly operand: Filter }
  | Condition
  | MemberCondition;

/** Test of a field that every operation has. It fails for an unset field, whatever the test. */
export interface Condition {
  readonly kind: 'condition';
  readonly field: OperationField;
  readonly test: Test;
}

/** Fields of an operation. `error`, `metadata` and `response` are tested for presence only. */
export type OperationField =
  | 'name'
  | 'done'
  | 'create_time'
  | 'end_time'
  | 'error'
  | 'error.code'
  | 'error.message'
  | 'metadata'
  | 'metadata.@type'
  | 'response'
  | 'response.@type';

/** Test of a field inside the metadata or the response. */
export interface MemberCondition {
  readonly kind: 'member';
  readonly of: MemberRoot;
  /**
   * Readings by the full names of the types that have the field. A message of another type does not match.
   */
  readonly readings: ReadonlyMap<string, Reading>;
}

/** Field of an operation that contains a message. */
export type MemberRoot = 'metadata' | 'response';

/** Path of a value in the ProtoJSON of one type, with the test to apply to it. */
export interface Reading {
  readonly type: MessageType<unknown>;
  readonly path: readonly Step[];
  /** Default value that ProtoJSON omits. Undefined if an omitted value means unset. */
  readonly whenAbsent?: boolean | number | string;
  readonly test: Test;
}

/** One step into ProtoJSON: to a field or key, or to every element of a list. */
export type Step = { readonly key: string } | 'elements';

/** Test of one value. */
export type Test =
  | { readonly kind: 'present' }
  | { readonly kind: 'flag'; readonly comparator: Equality; readonly value: boolean }
  | { readonly kind: 'number'; readonly comparator: Order; readonly value: bigint | number }
  | { readonly kind: 'text'; readonly comparator: Order; readonly value: string }
  | { readonly kind: 'pattern'; readonly comparator: Equality; readonly value: Pattern }
  | { readonly kind: 'enum'; readonly comparator: Equality; readonly value: string }
  /** In nanoseconds: a time since 1970, or the length of a duration. */
  | { readonly kind: 'time' | 'duration'; readonly comparator: Order; readonly value: bigint }
  | DynamicTest;

/** Test of a value whose type varies by message, as in a `google.protobuf.Struct`: one test per type. */
export interface DynamicTest {
  readonly kind: 'dynamic';
  readonly tests: readonly Test[];
  /**
   * Set for the operator ":". The value may then also be a list with such an element, or an object with this
   * key.
   */
  readonly has?: string;
}

export type Equality = '=' | '!=';
export type Order = Equality | '<' | '<=' | '>' | '>=';

/** Text with a wildcard at one end or both. */
export interface Pattern {
  readonly text: string;
  readonly anyBefore: boolean;
  readonly anyAfter: boolean;
}
