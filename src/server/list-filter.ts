import { checkFilter, type FilterTypes } from '../filter/check.js';
import { evaluate } from '../filter/evaluate.js';
import type { MessageType } from '../operation-method.js';
import type { ListQuery } from '../stores/operation-store.js';
import type { ImplementedMethod } from './implement.js';

/** Reads the filters of listings of operations that some methods start. */
export class ListFilters {
  readonly #types: FilterTypes;

  constructor(methods: readonly ImplementedMethod[]) {
    this.#types = {
      metadata: distinct(methods.map(({ method }) => method.metadata)),
      response: distinct(methods.map(({ method }) => method.response)),
    };
  }

  /**
   * The part of a list query that a filter stands for.
   *
   * @throws StatusError INVALID_ARGUMENT that names the column, for what is no filter or does not suit the types.
   */
  read(filter: string): Pick<ListQuery, 'where' | 'matches'> {
    const where = checkFilter(filter, this.#types);
    return where ? { where, matches: (record) => evaluate(where, record) } : {};
  }
}

function distinct(types: readonly MessageType<unknown>[]): readonly MessageType<unknown>[] {
  return [...new Map(types.map((type) => [type.$type, type])).values()];
}
