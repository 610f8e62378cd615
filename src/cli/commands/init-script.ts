import { Command } from 'commander';
import { type ProtoOptions, withProtoOptions } from '../options/options.js';
import { ExitCode } from '../output/failure.js';
import type { Terminal } from '../output/terminal.js';

/** `longrunning init-script` */
export function initScriptCommand(terminal: Terminal): Command {
  const command = new Command('init-script').description(
    'Prints a script for serve --script, to begin with: every method of protos that returns an Operation, with what may be said of it, in comments. Without --proto: of the example service.',
  );
  return withProtoOptions(command, 'proto whose methods to write down (repeatable)').action(
    async (options: ProtoOptions) => {
      const { fakedSchema } = await import('../serve/served-protos.js');
      const { scriptTemplate } = await import('../../testing/index.js');
      terminal.stdout.write(scriptTemplate(await fakedSchema(options)));
      terminal.exitCode = ExitCode.SUCCEEDED;
    },
  );
}
