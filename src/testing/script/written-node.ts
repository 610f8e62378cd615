/** What a value is where it is written: in YAML, or in an object that a program gives. */
export interface WrittenNode {
  /** 0 in what has no lines. */
  readonly line: number;
  readonly isNull: boolean;
  toJson(): unknown;
  /** The entries of a map in their order, without a key where that is no name; undefined when it is no map. */
  entries(): Iterable<readonly [key: string | undefined, node: WrittenNode]> | undefined;
  /** Undefined when it is no list. */
  items(): readonly WrittenNode[] | undefined;
}
