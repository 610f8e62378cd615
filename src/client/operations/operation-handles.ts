import { inspect } from 'node:util';
import { isNativeError, isPromise } from 'node:util/types';
import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Any } from '../../../generated/google/protobuf/any.js';
import { type Clock, systemClock } from '../../core/clock.js';
import { snapshotOf } from '../../core/operation.js';
import type { OperationMessage } from '../../core/operation-message.js';
import { type OperationMethod, typesOf } from '../../core/operation-method.js';
import type { OperationsApi } from '../../core/operations-api.js';
import { isOperationMessage, readOperation } from '../../core/read-operation.js';
import { quoted } from '../../core/status.js';
import { fetcherFor } from '../waiting/fetcher.js';
import { Poller } from '../waiting/poller.js';
import type { RetryPredicate } from '../waiting/retry.js';
import {
  type HandleContext,
  type HandleSubject,
  OperationHandle,
  type OperationReference,
} from './operation-handle.js';
import { readingOperations } from './reading-operations.js';

/** An {@link OperationReference} that is not the message of something else. */
type SourceReference = OperationReference & { readonly [Field in MessageField]?: never };

type MessageField =
  | 'metadata'
  | 'done'
  | 'error'
  | 'response'
  | 'result'
  | 'status'
  | 'state'
  | 'latestResponse'
  | '$typeName'
  | '$type';

/**
 * An operation: its name, the message that the starting call returned (in the form of any generator), or the result
 * of `toJSON`.
 */
export type OperationSource = string | OperationMessage | SourceReference;

/** Makes the handle of an operation. */
export interface OpenOperation {
  /**
   * Without its method, response and metadata are `google.protobuf.Any`.
   *
   * @throws TypeError if the source is none of these, or an Operation whose fields contradict each other.
   */
  (source: OperationSource, method?: undefined, options?: OperationOptions): OperationHandle<Any, Any>;
  /**
   * By its method, response and metadata are messages of its types.
   *
   * @throws TypeError if the source is none of these, or names another method than the one given.
   */
  <Response, Metadata>(
    source: OperationSource,
    method: OperationMethod<unknown, Response, Metadata>,
    options?: OperationOptions,
  ): OperationHandle<Response, Metadata>;
}

/** Options of {@link operationHandles}. */
export interface HandleOptions {
  /** @defaultValue the machine's */
  readonly clock?: Clock;
  /** Jitters the delays between questions: a number from 0 up to 1. @defaultValue Math.random */
  readonly random?: () => number;
  /** Ends every wait when it aborts, with its reason. @defaultValue never */
  readonly closed?: AbortSignal;
  /**
   * Decides if a wait goes on after an error that would end it; return true to ask again.
   *
   * @defaultValue always false
   */
  readonly retry?: RetryPredicate;
}

/** Settings of one handle. */
export interface OperationOptions {
  /**
   * Decides if a wait for this operation goes on after an error that would end it; return true to ask again.
   *
   * @defaultValue the client's
   */
  readonly retry?: RetryPredicate;
}

/**
 * Handles over any implementation of the five methods. That WaitOperation is UNIMPLEMENTED is remembered for all
 * that come of one call of this.
 *
 * @example
 * ```ts
 * const operation = operationHandles(createOperations({ methods }).service);
 * const outcome = await operation(name, ReportsOperations.exportReport).wait();
 * ```
 */
export function operationHandles(api: OperationsApi, options: HandleOptions = {}): OpenOperation {
  const { clock = systemClock, random = Math.random, closed } = options;
  const reading = readingOperations(api);
  const poller = new Poller({ fetcher: fetcherFor(reading), clock, random });
  return handlesOver({ api: reading, poller, clock, random, closed, retry: options.retry });
}

/** Handles that have all this in common. */
export function handlesOver(context: HandleContext): OpenOperation {
  assertPredicate(context.retry);
  function open(
    source: OperationSource,
    method?: undefined,
    options?: OperationOptions,
  ): OperationHandle<Any, Any>;
  function open<Response, Metadata>(
    source: OperationSource,
    method: OperationMethod<unknown, Response, Metadata>,
    options?: OperationOptions,
  ): OperationHandle<Response, Metadata>;
  function open(
    source: OperationSource,
    method?: OperationMethod<unknown, unknown, unknown>,
    { retry = context.retry }: OperationOptions = {},
  ): OperationHandle<unknown, unknown> {
    assertPredicate(retry);
    const { reference, operation } = subjectOf(source, method);
    const read = (latest: Operation) => (method ? snapshotOf(latest, method) : snapshotOf(latest));
    return new OperationHandle<unknown, unknown>({ ...context, retry }, { reference, operation, read });
  }
  return open;
}

/** @throws TypeError if it is set to anything but a function. */
function assertPredicate(retry: unknown): void {
  if (retry === undefined || typeof retry === 'function') return;
  throw new TypeError(
    `retry must be a function, got ${retry === null ? 'null' : typeof retry}: give (error) => boolean, or leave it out`,
  );
}

type Method = OperationMethod<unknown, unknown, unknown>;

function subjectOf(
  source: OperationSource,
  method: Method | undefined,
): Pick<HandleSubject<unknown, unknown>, 'reference' | 'operation'> {
  if (isOperationMessage(source)) {
    const operation = readOperation(source, method && typesOf(method));
    return { reference: referenceTo({ name: operation.name }, method?.path), operation };
  }
  assertReference(source);
  return { reference: referenceTo(source, method?.path), operation: undefined };
}

/** References come from files and queues, so they may be anything. */
function assertReference(source: unknown): asserts source is string | OperationReference {
  if (typeof source === 'string') return;
  if (typeof source === 'object' && source !== null && !isNativeError(source)) {
    const { name, method } = source as { readonly name?: unknown; readonly method?: unknown };
    if (typeof name === 'string' && (method === undefined || typeof method === 'string')) return;
  }
  throw new TypeError(
    `operation is ${inspect(source, { depth: 0, breakLength: Number.POSITIVE_INFINITY }).slice(0, 80)}: ${adviceFor(source)}`,
  );
}

function adviceFor(source: unknown): string {
  if (isPromise(source)) return 'await it first';
  if (Array.isArray(source)) return 'pass its first element, the operation';
  return 'give its name, the Operation that the starting call returned, or the result of toJSON';
}

function referenceTo(source: string | OperationReference, path: string | undefined): OperationReference {
  const known: OperationReference = typeof source === 'string' ? { name: source } : source;
  if (path !== undefined && known.method !== undefined && known.method !== path) {
    throw new TypeError(
      `operation ${quoted(known.name)} was started by ${known.method}, not by ${path}: pass that method`,
    );
  }
  const method = path ?? known.method;
  return method === undefined ? { name: known.name } : { name: known.name, method };
}
