import type { Command } from 'commander';
import { inSession } from '../connection/session.js';
import { type CallingOptions, operationsCommand } from '../options/options.js';
import { ExitCode } from '../output/failure.js';
import type { Terminal } from '../output/terminal.js';

/** `longrunning get NAME` */
export function getCommand(terminal: Terminal): Command {
  return operationsCommand('get', 'Shows the current state of an operation.')
    .argument('<name>', 'such as projects/p/locations/l/operations/id')
    .action((name: string, options: CallingOptions) =>
      inSession(terminal, options, async (session) => {
        await session.printOperation(await session.client.getOperation({ name }, session.timeLeft));
        return ExitCode.SUCCEEDED;
      }),
    );
}
