import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion/scripts.js';
import { ExitCode } from '../failures/exit-code.js';
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
