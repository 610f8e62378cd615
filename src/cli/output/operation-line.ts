import { detailOf, type OperationView } from './operation-json.js';
import { printable } from './printable.js';

/** As wide as the longest state, so that what follows stands in a column. */
const STATE_WIDTH = 'succeeded'.length;

/** One operation in a line for people: its name, its state, and how far it is or why it failed. */
export function operationLine(operation: OperationView): string {
  const { state, json } = operation;
  return printable(`${json.name ?? ''}  ${state.padEnd(STATE_WIDTH)}  ${detailOf(operation)}`).trimEnd();
}
