import type { Command } from 'commander';
import { ExitCode } from '../exit-code.js';
import { inSession } from '../in-session.js';
import { type CallingOptions, operationsCommand } from '../options.js';
import { printable } from '../output/printable.js';
import type { Terminal } from '../terminal.js';

/** `longrunning delete NAME` */
export function deleteCommand(terminal: Terminal): Command {
  return operationsCommand(
    'delete',
    'Makes the server forget an operation. Its work is not cancelled and goes on.',
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
