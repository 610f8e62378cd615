import type { ListOperationsResponse, Operation } from '../../../generated/google/longrunning/operations.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
import { link } from '../../core/signals.js';
import { Code, kitError, quoted } from '../../core/status.js';
import { operationRejection } from '../calls/errors.js';
import { iterable } from '../calls/iteration.js';
import { readingOperations } from './reading-operations.js';

/** Selection of the operations to list. */
export interface ListRequest {
  /** Parent of the operations. `-` matches any single segment; empty selects plain `operations/{id}`. */
  readonly name: string;
  /** Filter in the syntax of AIP-160: `done = false`. @defaultValue all operations */
  readonly filter?: string | undefined;
  /** Upper bound on operations per call. @defaultValue chosen by the server */
  readonly pageSize?: number | undefined;
  /**
   * Lists the reachable operations if a location of the server is unreachable; `unreachable` of the pages names such
   * locations. Without this option, the listing fails.
   *
   * @defaultValue false
   */
  readonly returnPartialSuccess?: boolean | undefined;
}

/** Operations, fetched page by page during iteration. Each loop starts a new listing. */
export interface OperationListing extends AsyncIterable<Operation> {
  /**
   * Iterates over pages, including empty ones. `unreachable` names locations that the server could not reach, so that
   * operations may be missing; usually it is empty.
   */
  pages(): AsyncIterable<readonly Operation[] & { readonly unreachable: readonly string[] }>;
}

/**
 * Lists the operations under a parent, with any implementation of the five methods. Empty pages do not end the listing
 * (contract 43).
 *
 * @throws OperationError in the loop, with the code and the details of the server; INTERNAL if the server returns
 * a page token twice, because the listing would never end.
 */
export function listOperations(
  api: OperationsApi,
  request: ListRequest,
  options: CallOptions = {},
): OperationListing {
  const reading = readingOperations(api);
  const pages = () => iterable((ended) => eachPage(reading, request, { ...options, ended }));
  return {
    pages,
    [Symbol.asyncIterator]: () =>
      iterable(async function* (ended) {
        for await (const page of eachPage(reading, request, { ...options, ended })) yield* page;
      })[Symbol.asyncIterator](),
  };
}

type OperationPage = readonly Operation[] & { readonly unreachable: readonly string[] };

interface PageOptions extends CallOptions {
  /** Aborts when the loop ends early. */
  readonly ended: AbortSignal;
}

async function* eachPage(
  api: OperationsApi,
  request: ListRequest,
  { ended, ...options }: PageOptions,
): AsyncGenerator<OperationPage, void> {
  const linked = link(options.signal, ended);
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
    throw operationRejection(request.name, thrown, linked.signal);
  } finally {
    linked[Symbol.dispose]();
  }
}

/** Adds the property to an array, for compatibility: `pages()` returned plain arrays before. */
function pageOf({ operations, unreachable }: ListOperationsResponse): OperationPage {
  const property = { value: unreachable, enumerable: false } as const;
  return Object.defineProperty([...operations], 'unreachable', property) as Operation[] & OperationPage;
}

function endless(pageToken: string): unknown {
  const message = `listing would never end: the server returned page token ${quoted(pageToken)} twice; report it to the operator of the server`;
  return kitError(Code.INTERNAL, 'PAGE_TOKEN_REPEATED', message, { metadata: { pageToken } });
}
