export type { Condition, Filter, OperationField, Order, Pattern, Step } from './ast.js';
export { checkFilter, checkMessageFilter, type FilterTypes } from './check.js';
export { evaluate, evaluateMessage } from './evaluate.js';
export { MessageShape, stepTo } from './message-shape.js';
export { msOfNanos, nanosOfMs } from './scalars.js';
