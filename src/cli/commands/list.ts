import type { Command } from 'commander';
import type { Operation } from '../../index.js';
import { ExitCode } from '../exit-code.js';
import { inSession } from '../in-session.js';
import { type CallingOptions, callingCommand } from '../options.js';
import type { Session } from '../session.js';
import type { Terminal } from '../terminal.js';

/** The largest page that servers give (CONTRACT 26): the fewest calls. */
const PAGE_SIZE = 1000;

interface ListOptions extends CallingOptions {
  readonly filter: string;
}

/** `longrunning list [PARENT]` */
export function listCommand(terminal: Terminal): Command {
  return callingCommand('list', 'Lists the operations under a parent, newest first.')
    .argument(
      '[parent]',
      'such as projects/p/locations/l, or - for any segment; none: plain operations/{id}',
      '',
    )
    .option('--filter <filter>', 'which operations to list, such as done=false', '')
    .action((parent: string, options: ListOptions) =>
      inSession(terminal, options, async (session) => {
        const operations = await allOperations(session, parent, options.filter);
        const views = await Promise.all(operations.map((operation) => session.view(operation)));
        const { operationTable } = await import('../output/table.js');
        const text = views.length === 0 ? 'no operations' : operationTable(views);
        session.print({ json: { operations: views.map(({ json }) => json) }, text });
        return ExitCode.SUCCEEDED;
      }),
    );
}

/** Every page, empty ones too, until the server says that there are no more (contract 43). */
async function allOperations(session: Session, name: string, filter: string): Promise<Operation[]> {
  const found: Operation[] = [];
  let pageToken = '';
  do {
    const request = { name, filter, pageSize: PAGE_SIZE, pageToken };
    const page = await session.client.listOperations(request, session.timeLeft);
    found.push(...page.operations);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return found;
}
