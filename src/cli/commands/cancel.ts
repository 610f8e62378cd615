import type { Command } from 'commander';
import { inSession } from '../connection/session.js';
import { type CallingOptions, operationsCommand, type WaitingOptions } from '../options/options.js';
import { ExitCode } from '../output/failure.js';
import type { Terminal } from '../output/terminal.js';
import { printable } from '../output/terminal-text.js';

/** `longrunning cancel NAME [--wait]` */
export function cancelCommand(terminal: Terminal): Command {
  return operationsCommand('cancel', 'Requests cancellation of an operation. It may still succeed.')
    .argument('<name>', 'such as projects/p/locations/l/operations/id')
    .option('--wait', 'wait for the operation to end; the exit code says how it did')
    .action((name: string, options: CallingOptions & WaitingOptions) =>
      inSession(terminal, options, async (session) => {
        const { cancelOperation, endingOf } = await import('../operations/cancel-operation.js');
        const ended = await cancelOperation(session, name);
        const text = ended
          ? `${printable(name)} had already ended: ${endingOf(ended)}`
          : `cancellation requested of ${printable(name)}`;
        if (ended && (options.wait || options.json)) session.terminal.stderr.write(`longrunning: ${text}\n`);
        if (options.wait) {
          const { awaitOutcome } = await import('../operations/await-outcome.js');
          return awaitOutcome(session, name, ended);
        }
        session.print({ json: {}, text });
        return ExitCode.SUCCEEDED;
      }),
    );
}
