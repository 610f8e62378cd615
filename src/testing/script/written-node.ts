/** Value in its source: a YAML file or an object. */
export interface WrittenNode {
  /** Line number, or 0 if the source has no lines. */
  readonly line: number;
  readonly isNull: boolean;
  toJson(): unknown;
  /** Entries of a map in order, with undefined for keys that are not names. Undefined if the value is not a map. */
  entries(): Iterable<readonly [key: string | undefined, node: WrittenNode]> | undefined;
  /** Items of a list. Undefined if the value is not a list. */
  items(): readonly WrittenNode[] | undefined;
}
