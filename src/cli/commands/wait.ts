import type { Command } from 'commander';
import { awaitOutcome } from '../await-outcome.js';
import { type CallingOptions, callingCommand } from '../options.js';
import { Session } from '../session.js';
import type { Terminal } from '../terminal.js';

/** `longrunning wait NAME` */
export function waitCommand(terminal: Terminal): Command {
  return callingCommand('wait', 'Waits for an operation to end; the exit code says how it did.')
    .argument('<name>', 'such as projects/p/locations/l/operations/id')
    .action((name: string, options: CallingOptions) =>
      Session.run(terminal, options, async (session) => {
        return await awaitOutcome(session, name);
      }),
    );
}
