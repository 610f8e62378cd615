export type { Condition, Filter, OperationField, Order, Pattern, Step } from './ast.js';
export { checkFilter, type FilterTypes } from './check.js';
export { evaluate } from './evaluate.js';
export { MessageShape, stepTo } from './message-shape.js';
export { msOfNanos, nanosOfMs } from './scalars.js';
