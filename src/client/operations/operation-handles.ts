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
import type { RetryPredicate } from '../waiting/retry.js';
import { WaitSupport } from '../waiting/wait-support.js';
import {
  type HandleContext,
  type HandleSubject,
  OperationHandle,
  type OperationReference,
} from './operation-handle.js';
import { readingOperations } from './reading-operations.js';

/** {@link OperationReference} without fields of other messages, which TypeScript would otherwise accept. */
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
 * Source of a handle: the name of an operation, the message that the starting call returned (of any code generator), or
 * the result of `toJSON`.
 */
export type OperationSource = string | OperationMessage | SourceReference;

/** Opens the handle of an operation. */
export interface OpenOperation {
  /**
   * Opens an operation without its method: response and metadata are `google.protobuf.Any`.
   *
   * @throws TypeError if the source has another type, or is an Operation with contradictory fields.
   */
  (source: OperationSource, method?: undefined, options?: OperationOptions): OperationHandle<Any, Any>;
  /**
   * Opens an operation with its method: response and metadata have the types of the method.
   *
   * @throws TypeError if the source has another type, or names another method.
   */
  <Response, Metadata>(
    source: OperationSource,
    method: OperationMethod<unknown, Response, Metadata>,
    options?: OperationOptions,
  ): OperationHandle<Response, Metadata>;
}

/** Options of {@link operationHandles}. */
export interface HandleOptions {
  /** Clock of the waits. @defaultValue the system clock */
  readonly clock?: Clock | undefined;
  /** Source of jitter: returns a number from 0 up to 1. @defaultValue Math.random */
  readonly random?: (() => number) | undefined;
  /** Ends every wait when it aborts, with its reason. @defaultValue never */
  readonly closed?: AbortSignal | undefined;
  /**
   * Decides if a wait continues after an error that would end it: return true to retry.
   *
   * @defaultValue never retries such errors
   */
  readonly retry?: RetryPredicate | undefined;
}

/** Settings of one handle. */
export interface OperationOptions {
  /**
   * Decides if a wait for this operation continues after an error that would end it: return true to retry.
   *
   * @defaultValue the predicate of the client
   */
  readonly retry?: RetryPredicate | undefined;
}

/**
 * Creates handles over any implementation of the five methods. Handles of one call share the knowledge that
 * WaitOperation is UNIMPLEMENTED.
 *
 * @example
 * ```ts
 * const operation = operationHandles(createOperations({ methods }).api);
 * const outcome = await operation(name, ReportsOperations.exportReport).wait();
 * ```
 */
export function operationHandles(api: OperationsApi, options: HandleOptions = {}): OpenOperation {
  const { clock = systemClock, random = Math.random, closed } = options;
  const reading = readingOperations(api);
  const fetcher = fetcherFor(reading);
  const support = new WaitSupport(clock);
  return handlesOver({ api: reading, fetcher, support, clock, random, closed, retry: options.retry });
}

/** Creates handles that share a context. */
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

/** Checks a predicate from JavaScript. @throws TypeError if it is set and no function. */
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

/** Checks a reference. It may come from a file or a queue, so it can be anything. */
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
