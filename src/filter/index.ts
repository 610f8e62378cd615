export type { Condition, Filter, OperationField, Order, Pattern } from './ast.js';
export { checkFilter, type FilterTypes } from './check.js';
export { evaluate } from './evaluate.js';
export { msOfNanos, nanosOfMs } from './scalars.js';
