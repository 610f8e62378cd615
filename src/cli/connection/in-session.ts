import type { ExitCode } from '../failures/exit-code.js';
import type { CallingOptions } from '../options/options.js';
import type { Terminal } from '../output/terminal.js';
import type { Session } from './session.js';

/**
 * {@link Session.run}, loaded when there is a command to run: `--help`, and whoever slips on the keyboard, need not
 * wait for all that a call needs. Commands load what else they need in the same way.
 */
export async function inSession(
  terminal: Terminal,
  options: CallingOptions,
  command: (session: Session) => Promise<ExitCode>,
): Promise<void> {
  const { Session } = await import('./session.js');
  await Session.run(terminal, options, command);
}
