import type { ListRequest, Operation, OperationsApi } from '../../index.js';
import type { Session } from '../connection/session.js';
import { LARGEST_PAGE } from '../options/options.js';
import { ExitCode, oneLine } from '../output/failure.js';
import { OperationTable } from '../output/table.js';
import { columnsOf } from '../output/terminal.js';

type Page = Awaited<ReturnType<OperationsApi['listOperations']>>;

/** Prints one page of operations, and the options that list the rest. */
export async function listPage(session: Session, request: ListRequest): Promise<ExitCode> {
  const listing = new Listing(session);
  for await (const { operations, nextPageToken, unreachable } of pagesOf(session, request)) {
    await listing.print(operations);
    warnOfUnreachable(session, unreachable);
    // An empty page does not end a listing (contract 43).
    if (operations.length === 0) continue;
    if (nextPageToken !== '') {
      session.terminal.stderr.write(
        `${oneLine('there are more: --all lists all, --page-size more at once')}\n`,
      );
    }
    break;
  }
  listing.end();
  return ExitCode.SUCCEEDED;
}

/** Prints every page of operations as it arrives. */
export async function listAll(session: Session, request: ListRequest): Promise<ExitCode> {
  const listing = new Listing(session);
  const pages = pagesOf(session, { pageSize: LARGEST_PAGE, ...request });
  for await (const { operations, unreachable } of pages) {
    await listing.print(operations);
    warnOfUnreachable(session, unreachable);
  }
  listing.end();
  return ExitCode.SUCCEEDED;
}

/** Fetches pages. Unlike the client's `list`, `--timeout` covers all calls, and the pages have their tokens. */
async function* pagesOf(session: Session, request: ListRequest): AsyncGenerator<Page, void> {
  let pageToken = '';
  do {
    const page = await session.client.listOperations({ ...request, pageToken }, session.timeLeft);
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}

function warnOfUnreachable({ terminal }: Session, locations: readonly string[]): void {
  if (locations.length === 0) return;
  terminal.stderr.write(`${oneLine(`operations may be missing, unreachable: ${locations.join(', ')}`)}\n`);
}

/** Printer of operations: as a table, or with `--json` as one JSON document per line. */
class Listing {
  readonly #session: Session;
  readonly #table: OperationTable;
  #empty = true;

  constructor(session: Session) {
    this.#session = session;
    this.#table = new OperationTable({ columns: columnsOf(session.terminal.stdout, process.env) });
  }

  async print(operations: readonly Operation[]): Promise<void> {
    if (operations.length === 0) return;
    this.#empty = false;
    const { options, terminal } = this.#session;
    if (options.json) {
      for (const operation of operations) await this.#session.printOperationLine(operation);
      return;
    }
    const views = await Promise.all(operations.map((operation) => this.#session.view(operation)));
    terminal.stdout.write(`${this.#table.rows(views)}\n`);
  }

  /** Reports an empty listing, except with `--json`. */
  end(): void {
    const { options, terminal } = this.#session;
    if (this.#empty && !options.json) terminal.stdout.write('no operations\n');
  }
}
