import type { Command } from 'commander';
import { inSession } from '../connection/session.js';
import { type CallingOptions, operationsCommand } from '../options/options.js';
import { ExitCode } from '../output/failure.js';
import type { Terminal } from '../output/terminal.js';
import { printable } from '../output/terminal-text.js';

/** `longrunning delete NAME` */
export function deleteCommand(terminal: Terminal): Command {
  return operationsCommand(
    'delete',
    'Deletes an operation from the server. Its work is not cancelled and continues.',
  )
    .argument('<name>', 'such as projects/p/locations/l/operations/id')
    .action((name: string, options: CallingOptions) =>
      inSession(terminal, options, async (session) => {
        await session.client.deleteOperation({ name }, session.timeLeft);
        session.print({ json: {}, text: `deleted ${printable(name)}` });
        return ExitCode.SUCCEEDED;
      }),
    );
}
