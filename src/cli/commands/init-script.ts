import { Command } from 'commander';
import { type ProtoOptions, withProtoOptions } from '../options/options.js';
import { ExitCode } from '../output/failure.js';
import type { Terminal } from '../output/terminal.js';

/** `longrunning init-script` */
export function initScriptCommand(terminal: Terminal): Command {
  const command = new Command('init-script').description(
    'Prints a template for serve --script: every method of the protos that returns an Operation, with all settings in comments. Without --proto: the example service.',
  );
  return withProtoOptions(command, 'proto whose methods to include (repeatable)').action(
    async (options: ProtoOptions) => {
      const { fakedSchema } = await import('../serve/served-protos.js');
      const { scriptTemplate } = await import('../../testing/script/script-template.js');
      terminal.stdout.write(scriptTemplate(await fakedSchema(options)));
      terminal.exitCode = ExitCode.SUCCEEDED;
    },
  );
}
