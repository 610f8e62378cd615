import type { Filter } from '../../filter/ast.js';

/** Whether nothing that has ended matches: a store that finds the unfinished by an index needs no other then. */
export function wantsUnfinished(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.operands.some(wantsUnfinished);
    case 'not':
      return wantedDone(filter.operand) === true;
    case 'condition':
      return wantedDone(filter) === false;
    case 'or':
    case 'member':
      return false;
  }
}

/** The one value of `done` that a condition asks for. */
function wantedDone(filter: Filter): boolean | undefined {
  if (filter.kind !== 'condition' || filter.field !== 'done' || filter.test.kind !== 'flag') return undefined;
  return filter.test.value === (filter.test.comparator === '=');
}
