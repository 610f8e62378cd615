import type { Operation } from '../../index.js';
import type { Session } from '../connection/session.js';
import type { ExitCode } from '../output/failure.js';
import type { OperationView } from '../output/operation-json.js';
import { ProgressDisplay } from '../output/progress-display.js';
import { followOperation } from './follow-operation.js';

/**
 * Waits for an operation to end and prints it. Progress goes to standard error, so that standard output has only the
 * outcome.
 *
 * @param started - state, if the starting call returned it.
 * @returns the exit code of the outcome, or of giving up.
 */
export function awaitOutcome(session: Session, name: string, started?: Operation): Promise<ExitCode> {
  const display = new ProgressDisplay(session.terminal.stderr);
  let latest: OperationView | undefined;
  return followOperation(
    session,
    name,
    {
      async running(operation) {
        latest = await session.view(operation);
        display.show(latest);
      },
      trouble(text) {
        if (text !== undefined) display.say(text);
        else if (latest) display.show(latest);
      },
      over: () => display.clear(),
      ended: (operation) => session.printOperation(operation),
      gaveUp: (operation) => session.printOperation(operation),
    },
    started,
  );
}
