import type { MessageType } from '../core/operation-method.js';

/** A filter that was checked: its fields exist and its values are of their types. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Filter[] }
  | { readonly kind: 'not'; readonly operand: Filter }
  | Condition
  | MemberCondition;

/** A test of what is known of every operation. It fails for a field that is not set, whatever the test. */
export interface Condition {
  readonly kind: 'condition';
  readonly field: OperationField;
  readonly test: Test;
}

/** The fields of an operation; `error`, `metadata` and `response` are tested for presence only. */
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

/** A test of what is in the metadata or the response. */
export interface MemberCondition {
  readonly kind: 'member';
  readonly of: MemberRoot;
  /** How to read it from each type that has it, by full name. A message of another type does not match. */
  readonly readings: ReadonlyMap<string, Reading>;
}

/** What a message is in. */
export type MemberRoot = 'metadata' | 'response';

/** Where the ProtoJSON of one type has a value, and what to ask of it. */
export interface Reading {
  readonly type: MessageType<unknown>;
  readonly path: readonly Step[];
  /** What stands for the value where ProtoJSON leaves out a default; undefined where that means unset. */
  readonly whenAbsent?: boolean | number | string;
  readonly test: Test;
}

/** One step down in ProtoJSON: to a field or key, or to every element of a list. */
export type Step = { readonly key: string } | 'elements';

/** What to ask of one value. */
export type Test =
  | { readonly kind: 'present' }
  | { readonly kind: 'flag'; readonly comparator: Equality; readonly value: boolean }
  | { readonly kind: 'number'; readonly comparator: Order; readonly value: bigint | number }
  | { readonly kind: 'text'; readonly comparator: Order; readonly value: string }
  | { readonly kind: 'pattern'; readonly comparator: Equality; readonly value: Pattern }
  | { readonly kind: 'enum'; readonly comparator: Equality; readonly value: string }
  /** In nanoseconds: since 1970, or long. */
  | { readonly kind: 'time' | 'duration'; readonly comparator: Order; readonly value: bigint }
  | DynamicTest;

/** For a value whose type only the message tells, as in a `google.protobuf.Struct`: one test for each type. */
export interface DynamicTest {
  readonly kind: 'dynamic';
  readonly tests: readonly Test[];
  /** The operator is ":": the value may also be a list with such an element, or an object with this key. */
  readonly has?: string;
}

export type Equality = '=' | '!=';
export type Order = Equality | '<' | '<=' | '>' | '>=';

/** A text with a wildcard at one end or both. */
export interface Pattern {
  readonly text: string;
  readonly anyBefore: boolean;
  readonly anyAfter: boolean;
}
