import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { HandDrivenOperation } from '../server/hand-driven-operation.js';

/** Operations that the next calls of some methods are answered with. */
export class StubbedOperations {
  readonly #byMethod = new Map<string, HandDrivenOperation[]>();

  add(method: string, operation: HandDrivenOperation): void {
    this.#byMethod.set(method, [...(this.#byMethod.get(method) ?? []), operation]);
  }

  /** What a call of the method is answered with; undefined when a handler is to answer it. */
  take(method: string): Promise<Operation> | undefined {
    const [first, ...rest] = this.#byMethod.get(method) ?? [];
    this.#byMethod.set(method, rest);
    return first?.get();
  }

  clear(): void {
    this.#byMethod.clear();
  }
}
