import type { ListOperationsRequest } from '../../generated/google/longrunning/operations.js';
import type { Subject } from './line.js';
import { PARENT } from './reports-server.js';

/** Starts so many, one after the other; their names, newest first. */
export async function start(server: Subject, count: number, parent = PARENT): Promise<string[]> {
  const names: string[] = [];
  for (let index = 0; index < count; index++) names.unshift((await server.exportReport({ parent })).name);
  return names;
}

/** The names on each page, from the first to the last; `between` is run after each. */
export async function pagesOf(
  server: Subject,
  request: Partial<ListOperationsRequest> = {},
  between: () => Promise<unknown> = async () => {},
): Promise<string[][]> {
  const found: string[][] = [];
  for (let pageToken = ''; ; ) {
    const page = await server.operations.listOperations({ name: PARENT, ...request, pageToken });
    found.push(page.operations.map(({ name }) => name));
    pageToken = page.nextPageToken;
    if (pageToken === '') return found;
    await between();
  }
}
