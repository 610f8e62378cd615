import type { MessageType } from '../../core/operation-method.js';
import { RecentlyUsed } from '../../core/recently-used.js';
import { checkFilter, type FilterTypes } from '../../filter/check.js';
import { evaluate } from '../../filter/evaluate.js';
import type { ListQuery } from '../../stores/contract/operation-store.js';
import type { ImplementedMethod } from '../work/implement.js';

/** A filter is read once for all pages of a listing, and for all callers who write the same. */
const KEPT_FILTERS = 100;

type ReadFilter = Pick<ListQuery, 'where' | 'matches'>;

/** Reads the filters of listings of operations that some methods start. */
export class ListFilters {
  readonly #metadata = new Map<string, MessageType<unknown>>();
  readonly #response = new Map<string, MessageType<unknown>>();
  readonly #read = new RecentlyUsed<string, ReadFilter>(KEPT_FILTERS);
  #types: FilterTypes = { metadata: [], response: [] };

  constructor(methods: readonly ImplementedMethod[]) {
    for (const method of methods) this.add(method);
  }

  /** From now on operations of this method too. */
  add({ method: { metadata, response } }: ImplementedMethod): void {
    this.#metadata.set(metadata.$type, metadata);
    this.#response.set(response.$type, response);
    this.#types = { metadata: [...this.#metadata.values()], response: [...this.#response.values()] };
    // With this type they may mean more.
    this.#read.clear();
  }

  /**
   * The part of a list query that a filter stands for.
   *
   * @throws StatusError INVALID_ARGUMENT that names the column, for what is no filter or does not suit the types.
   */
  read(filter: string): ReadFilter {
    return this.#read.get(filter, () => this.#check(filter));
  }

  #check(filter: string): ReadFilter {
    const where = checkFilter(filter, this.#types);
    return where ? { where, matches: (record) => evaluate(where, record) } : {};
  }
}
