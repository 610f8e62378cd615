import { connectionFault, type Operation, snapshotOf } from '../../index.js';
import type { Session } from '../connection/session.js';

/**
 * Requests cancellation unless the operation has ended.
 *
 * @returns the final state if the operation had ended before.
 * @throws StatusError if CancelOperation fails.
 */
export async function cancelOperation(session: Session, name: string): Promise<Operation | undefined> {
  const endedBefore = await endOf(session, name);
  if (endedBefore) return endedBefore;
  try {
    await session.client.cancelOperation({ name }, session.timeLeft);
    return undefined;
  } catch (error) {
    // Some servers refuse to cancel an operation that has just ended.
    const ended = connectionFault(error) ? undefined : await endOf(session, name);
    if (ended) return ended;
    throw error;
  }
}

/** Outcome of an operation as text: `succeeded`. */
export function endingOf(operation: Operation): string {
  return snapshotOf(operation).state;
}

/** Resolves to undefined if the operation still runs, or if the caller may cancel operations but not get them. */
async function endOf(session: Session, name: string): Promise<Operation | undefined> {
  try {
    const operation = await session.client.getOperation({ name }, session.timeLeft);
    return operation.done ? operation : undefined;
  } catch (error) {
    if (connectionFault(error)) throw error;
    return undefined;
  }
}
