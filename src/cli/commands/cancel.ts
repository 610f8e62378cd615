import type { Command } from 'commander';
import { awaitOutcome } from '../await-outcome.js';
import { ExitCode } from '../exit-code.js';
import { type CallingOptions, callingCommand, type WaitingOptions } from '../options.js';
import { printable } from '../output/printable.js';
import { Session } from '../session.js';
import type { Terminal } from '../terminal.js';

/** `longrunning cancel NAME [--wait]` */
export function cancelCommand(terminal: Terminal): Command {
  return callingCommand('cancel', 'Asks for an operation to be cancelled. It may still succeed.')
    .argument('<name>', 'such as projects/p/locations/l/operations/id')
    .option('--wait', 'wait for the operation to end; the exit code says how it did')
    .action((name: string, options: CallingOptions & WaitingOptions) =>
      Session.run(terminal, options, async (session) => {
        await session.client.cancelOperation({ name }, session.timeLeft);
        const text = `cancellation requested of ${printable(name)}`;
        if (!options.wait) session.print({ json: {}, text });
        return options.wait ? await awaitOutcome(session, name) : ExitCode.SUCCEEDED;
      }),
    );
}
