import { Command, CommanderError } from 'commander';
import { cancelCommand } from './commands/cancel.js';
import { completeCommand, completionCommand } from './commands/completion.js';
import { deleteCommand } from './commands/delete.js';
import { getCommand } from './commands/get.js';
import { initScriptCommand } from './commands/init-script.js';
import { listCommand } from './commands/list.js';
import { openApiCommand } from './commands/openapi.js';
import { serveCommand } from './commands/serve.js';
import { startCommand } from './commands/start.js';
import { waitCommand } from './commands/wait.js';
import { watchCommand } from './commands/watch.js';
import { helpCommand, listed, PROGRAM_FOOTER, PROGRAM_HELP } from './help.js';
import { acceptEarlyOptions, settleOptions } from './options/settle-options.js';
import { commanderFailure, ExitCode, failureOf } from './output/failure.js';
import type { Terminal } from './output/terminal.js';

const COMMANDS = [
  startCommand,
  getCommand,
  listCommand,
  waitCommand,
  watchCommand,
  cancelCommand,
  deleteCommand,
  serveCommand,
  initScriptCommand,
  openApiCommand,
  completionCommand,
];

/** Creates the program with its commands. */
export function makeProgram(terminal: Terminal, version: string): Command {
  const program = new Command('longrunning')
    .description('Long-running operations (google.longrunning) over gRPC and REST.')
    .version(version)
    .exitOverride()
    // Errors of commander are reported like all others, below.
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      outputError: () => {},
    })
    .addHelpText('after', PROGRAM_FOOTER);
  for (const make of COMMANDS) program.addCommand(listed(make(terminal)).copyInheritedSettings(program));
  program.addCommand(completeCommand(terminal).copyInheritedSettings(program), { hidden: true });
  // Not inherited by the commands above.
  program.configureHelp(PROGRAM_HELP).addHelpCommand(helpCommand());
  acceptEarlyOptions(program);
  return program;
}

/** Runs the command line. Failures end in one line on standard error and an exit code. */
export async function runProgram(terminal: Terminal, version: string): Promise<void> {
  const program = makeProgram(terminal, version);
  let address = '';
  program.hook('preAction', async (_, command) => {
    await settleOptions(program, command, terminal.stderr);
    address = command.opts<{ address: string }>().address;
  });
  exitOnClosedOutput(terminal);
  // Disables the log of grpc-js: its errors are reported below. grpc-js reads the variable when a command loads it.
  process.env.GRPC_VERBOSITY ||= 'NONE';
  try {
    await program.parseAsync(terminal.argv);
  } catch (error) {
    const { exitCode, text } =
      error instanceof CommanderError
        ? commanderFailure(error, commandText(program, terminal.argv))
        : await failureOf(error, address);
    if (text !== undefined) terminal.stderr.write(`${text}\n`);
    terminal.exitCode = exitCode;
  }
}

/** Returns the command line up to the command name, or only the program name if no command is given. */
function commandText(program: Command, argv: readonly string[]): string {
  const names = program.commands.map((command) => command.name());
  const named = argv.slice(2).find((word) => names.includes(word));
  return named === undefined ? program.name() : `${program.name()} ${named}`;
}

/** Exits without an error when the reader of the output closes it, as in `longrunning list | head`. */
function exitOnClosedOutput(terminal: Terminal): void {
  terminal.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      terminal.stderr.write(`longrunning: output cannot be written: ${error.message}; write it elsewhere\n`);
    }
    terminal.exit(error.code === 'EPIPE' ? ExitCode.SUCCEEDED : ExitCode.INTERNAL_ERROR);
  });
  // There is nowhere left to report the failure.
  terminal.stderr.on('error', () => {});
}
