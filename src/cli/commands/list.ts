import { type Command, Option } from 'commander';
import { inSession } from '../connection/session.js';
import { type CallingOptions, operationsCommand, readPageSize } from '../options/options.js';
import type { Terminal } from '../output/terminal.js';

interface ListOptions extends CallingOptions {
  readonly filter?: string;
  readonly pageSize?: number;
  readonly all?: true;
  readonly partial?: true;
}

/** `longrunning list [PARENT]` */
export function listCommand(terminal: Terminal): Command {
  return operationsCommand('list', 'Lists the operations under a parent, newest first: one page of them.')
    .argument('[parent]', 'such as projects/p/locations/l, or - for any segment; none: plain operations/{id}')
    .option('--filter <filter>', "which operations to list, such as 'done = false'")
    .addOption(
      new Option('--page-size <number>', 'operations per call (default: chosen by the server)').argParser(
        readPageSize,
      ),
    )
    .option('--all', 'list every page as it arrives')
    .option('--partial', 'list the reachable operations if a location of the server is unreachable')
    .action((name: string | undefined, { filter = '', pageSize, all, partial, ...options }: ListOptions) =>
      inSession(terminal, options, async (session) => {
        const { listAll, listPage } = await import('../operations/list.js');
        const request = {
          name: name ?? '',
          filter,
          ...(pageSize !== undefined && { pageSize }),
          ...(partial && { returnPartialSuccess: true }),
        };
        return all ? listAll(session, request) : listPage(session, request);
      }),
    );
}
