import { invalidField, type StatusError } from '../core/status.js';

/**
 * Builds an INVALID_ARGUMENT error for a position in a filter.
 *
 * @param offset - position in UTF-16 units from 0. The error reports the column in characters from 1.
 * @param found - description of the text at the position.
 * @param advice - what was expected, or what to do.
 */
export function filterFault(filter: string, offset: number, found: string, advice: string): StatusError {
  const column = Array.from(filter.slice(0, offset)).length + 1;
  return invalidField('filter', `filter is wrong at column ${column}, ${found}: ${advice}`, {
    metadata: { column: String(column) },
  });
}
