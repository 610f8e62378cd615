import { connectionFault, type Operation, snapshotOf } from '../../index.js';
import type { Session } from '../connection/session.js';

/**
 * Asks for an operation to be cancelled.
 *
 * @returns its end, if it had ended before; then nothing is asked for.
 * @throws StatusError what CancelOperation answers.
 */
export async function cancelOperation(session: Session, name: string): Promise<Operation | undefined> {
  const endedBefore = await endOf(session, name);
  if (endedBefore) return endedBefore;
  try {
    await session.client.cancelOperation({ name }, session.timeLeft);
    return undefined;
  } catch (error) {
    // Some servers refuse to cancel what has just ended.
    const ended = connectionFault(error) ? undefined : await endOf(session, name);
    if (ended) return ended;
    throw error;
  }
}

/** How an operation ended, for people: `succeeded`. */
export function endingOf(operation: Operation): string {
  return snapshotOf(operation).state;
}

/** Undefined while it has not ended, and if somebody may cancel operations but not get them. */
async function endOf(session: Session, name: string): Promise<Operation | undefined> {
  try {
    const operation = await session.client.getOperation({ name }, session.timeLeft);
    return operation.done ? operation : undefined;
  } catch (error) {
    if (connectionFault(error)) throw error;
    return undefined;
  }
}
