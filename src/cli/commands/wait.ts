import type { Command } from 'commander';
import { inSession } from '../connection/session.js';
import { type CallingOptions, operationsCommand } from '../options/options.js';
import type { Terminal } from '../output/terminal.js';

/** `longrunning wait NAME` */
export function waitCommand(terminal: Terminal): Command {
  return operationsCommand('wait', 'Waits for an operation to end; the exit code says how it did.')
    .argument('<name>', 'such as projects/p/locations/l/operations/id')
    .action((name: string, options: CallingOptions) =>
      inSession(terminal, options, async (session) => {
        const { awaitOutcome } = await import('../operations/await-outcome.js');
        return awaitOutcome(session, name);
      }),
    );
}
