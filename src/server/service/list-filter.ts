import type { MessageType } from '../../core/operation-method.js';
import { RecentlyUsed } from '../../core/recently-used.js';
import { checkFilter, evaluate, type FilterTypes } from '../../filter/index.js';
import type { ListQuery } from '../../stores/contract/operation-store.js';
import type { ImplementedMethod } from '../work/implement.js';

/** Upper bound on cached filters. The pages of a listing, and callers with the same filter, share one. */
const KEPT_FILTERS = 100;

type ReadFilter = Pick<ListQuery, 'where' | 'matches'>;

/** Parses and checks list filters against the metadata and response types of the served methods. */
export class ListFilters {
  readonly #metadata = new Map<string, MessageType<unknown>>();
  readonly #response = new Map<string, MessageType<unknown>>();
  readonly #read = new RecentlyUsed<string, ReadFilter>(KEPT_FILTERS);
  #types: FilterTypes = { metadata: [], response: [] };

  constructor(methods: readonly ImplementedMethod[]) {
    for (const method of methods) this.add(method);
  }

  /** Adds the types of one more method. */
  add({ method: { metadata, response } }: ImplementedMethod): void {
    this.#metadata.set(metadata.$type, metadata);
    this.#response.set(response.$type, response);
    this.#types = { metadata: [...this.#metadata.values()], response: [...this.#response.values()] };
    // Cached filters may have another meaning with the new types.
    this.#read.clear();
  }

  /**
   * Converts a filter to the corresponding part of a list query.
   *
   * @throws StatusError INVALID_ARGUMENT with the column, if the filter is malformed or does not fit the types.
   */
  read(filter: string): ReadFilter {
    return this.#read.get(filter, () => this.#check(filter));
  }

  #check(filter: string): ReadFilter {
    const where = checkFilter(filter, this.#types);
    return where ? { where, matches: (record) => evaluate(where, record) } : {};
  }
}
