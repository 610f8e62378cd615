import { inspect } from 'node:util';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import type { Any } from '../../generated/google/protobuf/any.js';
import { type Clock, systemClock } from '../clock.js';
import { snapshotOf } from '../operation.js';
import type { OperationMethod } from '../operation-method.js';
import type { OperationsApi } from '../operations-api.js';
import { quoted } from '../status.js';
import { type HandleContext, OperationHandle, type OperationReference } from './operation-handle.js';
import { Poller } from './waiting/poller.js';
import { questionsTo } from './waiting/questions.js';

/** Which operation: by its name, by the answer of the call that started it, or by what `toJSON` gave. */
export type OperationSource = string | Operation | OperationReference;

/** Makes the handle of an operation. */
export interface OpenOperation {
  /**
   * Without its method, response and metadata are `google.protobuf.Any`.
   *
   * @throws TypeError when the source is none.
   */
  (source: OperationSource): OperationHandle<Any, Any>;
  /**
   * By its method, response and metadata are messages of its types.
   *
   * @throws TypeError when the source is none, or names another method than the one given.
   */
  <Response, Metadata>(
    source: OperationSource,
    method: OperationMethod<unknown, Response, Metadata>,
  ): OperationHandle<Response, Metadata>;
}

/** What {@link operationHandles} takes. */
export interface HandleOptions {
  /** @defaultValue the machine's */
  readonly clock?: Clock;
  /** Jitters the delays between questions: a number from 0 up to 1. @defaultValue Math.random */
  readonly random?: () => number;
  /** Ends every wait when it aborts, with its reason. @defaultValue never */
  readonly closed?: AbortSignal;
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
  const poller = new Poller({ questions: questionsTo(api), clock, random });
  return handlesOver({ api, poller, clock, random, closed });
}

/** Handles that have all this in common. */
export function handlesOver(context: HandleContext): OpenOperation {
  function open(source: OperationSource): OperationHandle<Any, Any>;
  function open<Response, Metadata>(
    source: OperationSource,
    method: OperationMethod<unknown, Response, Metadata>,
  ): OperationHandle<Response, Metadata>;
  function open(
    source: OperationSource,
    method?: OperationMethod<unknown, unknown, unknown>,
  ): OperationHandle<unknown, unknown> {
    assertSource(source);
    return new OperationHandle<unknown, unknown>(context, {
      reference: referenceTo(source, method?.path),
      operation: isOperation(source) ? source : undefined,
      read: (operation) => (method ? snapshotOf(operation, method) : snapshotOf(operation)),
    });
  }
  return open;
}

/** JSON of an Operation has no `result`: how it ended is then asked for. */
function isOperation(source: OperationSource): source is Operation {
  return typeof source === 'object' && 'done' in source && 'result' in source;
}

/** References come from files and queues, where anything may stand. */
function assertSource(source: unknown): asserts source is OperationSource {
  if (typeof source === 'string') return;
  const { name, method } = Object(source) as { readonly name?: unknown; readonly method?: unknown };
  if (typeof name === 'string' && (method === undefined || typeof method === 'string')) return;
  throw new TypeError(
    `operation is ${inspect(source, { depth: 0, breakLength: Number.POSITIVE_INFINITY }).slice(0, 80)}: give its name, the answer of the call that started it, or what toJSON gave`,
  );
}

function referenceTo(source: OperationSource, path: string | undefined): OperationReference {
  const known: OperationReference = typeof source === 'string' ? { name: source } : source;
  if (path !== undefined && known.method !== undefined && known.method !== path) {
    throw new TypeError(
      `operation ${quoted(known.name)} was started by ${known.method}, not by ${path}: pass that method`,
    );
  }
  const method = path ?? known.method;
  return method === undefined ? { name: known.name } : { name: known.name, method };
}
