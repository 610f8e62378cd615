import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion/scripts.js';
import { ExitCode } from '../output/failure.js';
import type { Terminal } from '../output/terminal.js';

const HELP = `
Load it when a shell begins:
  bash  add to ~/.bashrc:  source <(longrunning completion bash)
  zsh   add to ~/.zshrc, after compinit:  source <(longrunning completion zsh)
  fish  longrunning completion fish > ~/.config/fish/completions/longrunning.fish`;

/** `longrunning completion SHELL` */
export function completionCommand(terminal: Terminal): Command {
  return new Command('completion')
    .description('Prints a script that completes commands, options and files in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', HELP)
    .action((shell: Shell) => {
      terminal.stdout.write(completionScript(shell));
      terminal.exitCode = ExitCode.SUCCEEDED;
    });
}

/** `longrunning complete -- WORDS`, a hidden command for the scripts of `longrunning completion`. */
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
