import type { Command } from 'commander';
import { inSession } from '../connection/session.js';
import { type CallingOptions, callingCommand, type WaitingOptions } from '../options/options.js';
import type { Terminal } from '../output/terminal.js';

const GOOGLE = `
Google's APIs: add --token "$(gcloud auth print-access-token)".`;

/** `longrunning start SERVICE/METHOD JSON [--wait]` */
export function startCommand(terminal: Terminal): Command {
  return callingCommand('start', 'Calls a method that starts an operation.')
    .argument('<method>', 'package.Service/Method, or Service/Method; of the example service without --proto')
    .argument('[json]', 'the request as ProtoJSON; @file reads it from a file, - from standard input', '{}')
    .option('--wait', 'wait for the operation to end; the exit code says how it did')
    .addHelpText('after', GOOGLE)
    .action((name: string, json: string, options: CallingOptions & WaitingOptions) =>
      inSession(terminal, options, async (session) => {
        const { startByName } = await import('../operations/start.js');
        return startByName(session, { name, json, wait: options.wait ?? false });
      }),
    );
}
