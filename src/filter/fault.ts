import { invalidField, type StatusError } from '../core/status.js';

/**
 * INVALID_ARGUMENT for a place in a filter.
 *
 * @param offset - where, in UTF-16 units from 0; the error tells the column, in characters from 1.
 * @param found - what stands there.
 * @param advice - what was expected, or what to do.
 */
export function filterFault(filter: string, offset: number, found: string, advice: string): StatusError {
  const column = Array.from(filter.slice(0, offset)).length + 1;
  return invalidField('filter', `filter is wrong at column ${column}, ${found}: ${advice}`, {
    metadata: { column: String(column) },
  });
}
