import { invalidField, quoted } from '../status.js';
import type { ListQuery } from '../stores/operation-store.js';

const DONE = /^done\s*=\s*(true|false)$/;

/**
 * The part of a list query that a filter stands for.
 *
 * @throws StatusError INVALID_ARGUMENT for any filter but `done = true` and `done = false`.
 */
export function parseListFilter(filter: string): Pick<ListQuery, 'done'> {
  if (filter === '') return {};
  const done = DONE.exec(filter)?.[1];
  if (done === undefined) {
    const supported = 'use "done = true", "done = false" or none';
    throw invalidField('filter', `filter ${quoted(filter)} is not supported yet: ${supported}`);
  }
  return { done: done === 'true' };
}
