import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { HandDrivenOperation } from '../server/hand-driven-operation.js';

/** Hand-driven operations that answer the next calls of some methods. */
export class StubbedOperations {
  readonly #byMethod = new Map<string, HandDrivenOperation[]>();

  add(method: string, operation: HandDrivenOperation): void {
    this.#byMethod.set(method, [...(this.#byMethod.get(method) ?? []), operation]);
  }

  /** Takes the answer to the next call of a method. Undefined if a handler answers it. */
  take(method: string): Promise<Operation> | undefined {
    const [first, ...rest] = this.#byMethod.get(method) ?? [];
    this.#byMethod.set(method, rest);
    return first?.get();
  }

  clear(): void {
    this.#byMethod.clear();
  }
}
