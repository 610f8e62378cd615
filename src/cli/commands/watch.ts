import { type Command, Option } from 'commander';
import { inSession } from '../connection/session.js';
import { type CallingOptions, operationsCommand, readDuration } from '../options/options.js';
import type { Terminal } from '../output/terminal.js';

const DEFAULT_INTERVAL_MS = 1000;

const HELP = `
An operation is followed to its end, and the exit code says how it ended. Under a parent, all operations are shown
as they are, then each new one and each change, until Ctrl-C or --timeout; exit code 0.`;

interface WatchOptions extends CallingOptions {
  readonly interval: number;
}

/** `longrunning watch NAME|PARENT` */
export function watchCommand(terminal: Terminal): Command {
  return operationsCommand(
    'watch',
    'Prints a line for each change: of an operation, or of all under a parent.',
  )
    .argument(
      '[name]',
      'an operation, or a parent such as projects/p/locations/l, - for any segment; none: plain operations/{id}',
    )
    .addOption(
      new Option('--interval <duration>', 'how often to list the operations under a parent')
        .default(DEFAULT_INTERVAL_MS, '1s')
        .argParser(readDuration),
    )
    .addHelpText('after', HELP)
    .action((name: string | undefined, options: WatchOptions) =>
      inSession(terminal, options, async (session) => {
        const { watch } = await import('../operations/watch.js');
        return watch(session, name ?? '', options.interval);
      }),
    );
}
