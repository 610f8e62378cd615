import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Any } from '../../../generated/google/protobuf/any.js';

/** Yields the first state of an operation, those whose metadata changed, and the end (contract 40). */
export async function* changesOf(states: AsyncIterable<Operation>): AsyncGenerator<Operation, void> {
  let told: Operation | undefined;
  for await (const state of states) {
    if (!told || state.done || !sameAny(state.metadata, told.metadata)) {
      told = state;
      yield state;
    }
  }
}

function sameAny(one: Any | undefined, other: Any | undefined): boolean {
  if (!one || !other) return one === other;
  return one.typeUrl === other.typeUrl && Buffer.compare(one.value, other.value) === 0;
}
