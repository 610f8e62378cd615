import type { Command } from 'commander';
import { awaitOutcome } from '../await-outcome.js';
import { ExitCode } from '../exit-code.js';
import { resolveMethod } from '../method-name.js';
import { type CallingOptions, callingCommand, type WaitingOptions } from '../options.js';
import { printable } from '../output/printable.js';
import { readRequest } from '../request-json.js';
import { Session } from '../session.js';
import { startOperation } from '../start-operation.js';
import type { Terminal } from '../terminal.js';

const EXAMPLE = `
Example:
  longrunning start Reports/ExportReport '{"parent": "projects/p/locations/l"}' --wait
`;

/** `longrunning start SERVICE/METHOD JSON [--wait]` */
export function startCommand(terminal: Terminal): Command {
  return callingCommand('start', 'Calls a method that starts an operation.')
    .argument('<method>', 'package.Service/Method, or Service/Method; of the example service without --proto')
    .argument('[json]', 'the request as ProtoJSON; @file reads it from a file, - from standard input', '{}')
    .option('--wait', 'wait for the operation to end; the exit code says how it did')
    .addHelpText('after', EXAMPLE)
    .action((name: string, json: string, options: CallingOptions & WaitingOptions) =>
      Session.run(terminal, options, async (session) => {
        const method = resolveMethod(session.schema, name);
        const request = await readRequest(method, {
          argument: json,
          stdin: terminal.stdin,
          schema: session.schema,
        });
        const operation = await startOperation(method, request, session);
        if (!options.wait) session.printOperation(operation);
        else if (!options.json) terminal.stdout.write(`started ${printable(operation.name)}\n`);
        return options.wait ? await awaitOutcome(session, operation.name) : ExitCode.SUCCEEDED;
      }),
    );
}
