import type { CommanderError } from 'commander';
import { ExitCode } from './exit-code.js';
import { type Failure, oneLine } from './failure.js';

/**
 * How a command ends that commander refused; `--help` and `--version` come as errors too, with exit code 0.
 *
 * @param command - whose help tells what is right: `longrunning`, or `longrunning start`.
 */
export function commanderFailure({ code, exitCode, message }: CommanderError, command: string): Failure {
  if (exitCode === 0) return { exitCode: ExitCode.SUCCEEDED, text: undefined };
  if (code === 'commander.help') return { exitCode: ExitCode.USAGE, text: undefined };
  const fault = message.replace(/^error: /, '').replace(/\.$/, '');
  return { exitCode: ExitCode.USAGE, text: `${oneLine(fault)}: see ${command} --help` };
}
