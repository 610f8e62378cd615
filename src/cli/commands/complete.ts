import { Command } from 'commander';
import { ExitCode } from '../failures/exit-code.js';
import type { Terminal } from '../output/terminal.js';

/** `longrunning complete -- WORDS`, for the scripts of `longrunning completion`. */
export function completeCommand(terminal: Terminal): Command {
  const command = new Command('complete').description('Prints what may come next on a command line.');
  return command.argument('[words...]', 'the command line').action(async (words: readonly string[]) => {
    const { completionOf } = await import('../completion/candidates.js');
    const { candidates, paths } = completionOf(command.parent ?? command, words);
    const lines = candidates.map(({ word, description }) => `${word}\t${description}`);
    if (paths !== 'none') lines.push(`:${paths}`);
    terminal.stdout.write(lines.map((line) => `${line}\n`).join(''));
    terminal.exitCode = ExitCode.SUCCEEDED;
  });
}
