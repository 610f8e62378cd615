import type { ListOperationsResponse, Operation } from '../../../generated/google/longrunning/operations.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
import { link } from '../../core/signals.js';
import { Code, kitError, quoted } from '../../core/status.js';
import { listRejection } from '../calls/errors.js';
import { iterable } from '../calls/iteration.js';
import { readingOperations } from './reading-operations.js';

/** Selection of the operations to list. */
export interface ListRequest {
  /** The parent of the operations, where `-` stands for any one segment; empty for plain `operations/{id}`. */
  readonly name: string;
  /** Condition in the syntax of AIP-160: `done = false`. @defaultValue all */
  readonly filter?: string;
  /** Upper bound on operations per call. @defaultValue the server's */
  readonly pageSize?: number;
  /**
   * Lists what can be reached when a location of the server cannot; `unreachable` of the pages names the rest.
   *
   * @defaultValue false: then the listing fails
   */
  readonly returnPartialSuccess?: boolean;
}

/** One page of a listing. */
export interface OperationPage extends ReadonlyArray<Operation> {
  /** Locations that the server could not reach, so that operations may be missing; empty as a rule. */
  readonly unreachable: readonly string[];
}

/** Operations, fetched page by page as the loop goes on; each loop begins again. */
export interface OperationListing extends AsyncIterable<Operation> {
  /** The same page by page, empty ones too. */
  pages(): AsyncIterable<OperationPage>;
}

/**
 * Goes through the operations under a parent, over any implementation of the five methods. Empty pages do not end
 * it (contract 43).
 *
 * @throws ListOperationsError in the loop, with the code and the details of the server; INTERNAL when the server
 * gives the same page token twice, which would never end.
 */
export function listOperations(
  api: OperationsApi,
  request: ListRequest,
  options: CallOptions = {},
): OperationListing {
  const reading = readingOperations(api);
  const pages = () => iterable((left) => eachPage(reading, request, { ...options, left }));
  return {
    pages,
    [Symbol.asyncIterator]: () =>
      iterable(async function* (left) {
        for await (const page of eachPage(reading, request, { ...options, left })) yield* page;
      })[Symbol.asyncIterator](),
  };
}

interface PageOptions extends CallOptions {
  /** Aborts when nobody wants the rest. */
  readonly left: AbortSignal;
}

async function* eachPage(
  api: OperationsApi,
  request: ListRequest,
  { left, ...options }: PageOptions,
): AsyncGenerator<OperationPage, void> {
  const linked = link(options.signal, left);
  const tokens = new Set<string>();
  const call = { ...options, signal: linked.signal };
  try {
    let pageToken = '';
    do {
      linked.signal.throwIfAborted();
      const page = await api.listOperations({ ...request, pageToken }, call);
      yield pageOf(page);
      pageToken = page.nextPageToken;
      if (tokens.has(pageToken)) throw endless(pageToken);
      tokens.add(pageToken);
    } while (pageToken !== '');
  } catch (thrown) {
    throw listRejection(request.name, thrown, linked.signal);
  } finally {
    linked[Symbol.dispose]();
  }
}

/** An array with a property: `pages()` gave arrays before it told what is unreachable. */
function pageOf({ operations, unreachable }: ListOperationsResponse): OperationPage {
  const property = { value: unreachable, enumerable: false } as const;
  return Object.defineProperty([...operations], 'unreachable', property) as Operation[] & OperationPage;
}

function endless(pageToken: string): unknown {
  const message = `listing would never end: the server gave page token ${quoted(pageToken)} twice; report it to whoever runs the server`;
  return kitError(Code.INTERNAL, 'PAGE_TOKEN_REPEATED', message, { metadata: { pageToken } });
}
