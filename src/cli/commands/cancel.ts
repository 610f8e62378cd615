import type { Command } from 'commander';
import { ExitCode } from '../exit-code.js';
import { inSession } from '../in-session.js';
import { type CallingOptions, operationsCommand, type WaitingOptions } from '../options.js';
import { printable } from '../output/printable.js';
import type { Terminal } from '../terminal.js';

/** `longrunning cancel NAME [--wait]` */
export function cancelCommand(terminal: Terminal): Command {
  return operationsCommand('cancel', 'Asks for an operation to be cancelled. It may still succeed.')
    .argument('<name>', 'such as projects/p/locations/l/operations/id')
    .option('--wait', 'wait for the operation to end; the exit code says how it did')
    .action((name: string, options: CallingOptions & WaitingOptions) =>
      inSession(terminal, options, async (session) => {
        await session.client.cancelOperation({ name }, session.timeLeft);
        const text = `cancellation requested of ${printable(name)}`;
        if (options.wait) {
          const { awaitOutcome } = await import('../await-outcome.js');
          return awaitOutcome(session, name);
        }
        session.print({ json: {}, text });
        return ExitCode.SUCCEEDED;
      }),
    );
}
