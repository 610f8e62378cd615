import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Clock } from '../../core/clock.js';
import type { DeepPartial } from '../../core/operation-method.js';
import { Code, invalidField, kitError, quoted } from '../../core/status.js';
import { traceContextOf } from '../../core/trace-context.js';
import type { OperationRecord, OperationStore } from '../../stores/contract/operation-store.js';
import type { Caller } from '../access/call-facts.js';
import { givenRequestId } from '../access/request-scope.js';
import type { UnfinishedLimit } from '../limits/unfinished-limit.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { StartContext } from './implement.js';
import { isGone, toOperation } from './lifecycle.js';
import type { RequestFacts, ServedMethod } from './served-method.js';
import type { SizeLimits } from './size-limits.js';
import type { Transitions } from './transitions.js';

/** Dependencies of {@link Starts}. */
export interface StartsParts {
  readonly store: OperationStore;
  readonly transitions: Transitions;
  readonly clock: Clock;
  readonly telemetry: Telemetry | undefined;
  readonly sizes: SizeLimits;
  /** Undefined if the number of unfinished operations is not limited. */
  readonly unfinished: UnfinishedLimit | undefined;
  /** Creates the last segment of the name of a new operation. */
  readonly newId: () => string;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

/** Starts operations. */
export class Starts {
  readonly #parts: StartsParts;

  constructor(parts: StartsParts) {
    this.#parts = parts;
  }

  /**
   * Starts an operation, or returns the one that an earlier request with the same request id started (AIP-155).
   *
   * @throws errors of the implementation; StatusError INVALID_ARGUMENT if the parent is no resource name, UNAVAILABLE if the
   * server is stopping.
   */
  async start(
    served: ServedMethod,
    given: DeepPartial<unknown>,
    { headers = {}, caller = {} }: Partial<StartContext>,
  ): Promise<Operation> {
    const { store, transitions, clock, telemetry, sizes, unfinished, newId } = this.#parts;
    const request = served.request(given);
    this.#assertServing();
    const facts = served.identify(request, caller);
    const earlier = facts.requestId === undefined ? undefined : await this.#startedBy(facts, caller);
    if (earlier) return toOperation(earlier);
    const response = await served.onStart(request, { headers, caller });
    this.#assertServing();
    const createTime = clock.now();
    // Without telemetry the trace context of the caller is stored, for the log.
    const trace = telemetry?.current() ?? traceContextOf(headers);
    let record = served.newRecord(request, facts, { id: newId(), createTime, ...(trace && { trace }) });
    if (record.metadata) sizes.metadata(record.metadata);
    if (response) {
      sizes.response(response, record.metadata);
      record = transitions.next(record, { type: 'succeeded', attempt: 0, at: createTime, response });
    }
    const create = () => store.create(record);
    // An operation that is already done does not count.
    const creating = unfinished && !response ? unfinished.admit(create) : create();
    const kept = await creating;
    if (kept.name === record.name) telemetry?.changed(undefined, record, createTime);
    return toOperation(sameRequest(kept, facts, caller));
  }

  /** Returns the operation that the same request started before (AIP-155). */
  async #startedBy(facts: RequestFacts, caller: Caller): Promise<OperationRecord | undefined> {
    const { store, clock } = this.#parts;
    const { method, parent, requestId } = facts;
    if (requestId === undefined) return undefined;
    const earlier = await store.findByRequestId({ method, parent, requestId });
    if (!earlier) return undefined;
    if (!isGone(earlier, clock.now())) return sameRequest(earlier, facts, caller);
    await store.delete(earlier.name);
    return undefined;
  }

  #assertServing(): void {
    if (this.#parts.stopping.aborted) throw stopping();
  }
}

/**
 * Returns the stored record of a request.
 *
 * @throws StatusError INVALID_ARGUMENT if its request id was used for a different request.
 */
function sameRequest(kept: OperationRecord, asked: RequestFacts, caller: Caller): OperationRecord {
  if (Buffer.compare(kept.request, asked.request) === 0) return kept;
  const id = quoted(givenRequestId(asked.requestId ?? '', caller));
  throw invalidField('request_id', `request id ${id} was used for a different request: use a new one`);
}

function stopping(): Error {
  return kitError(Code.UNAVAILABLE, 'SERVER_STOPPING', 'server is stopping: try again on another server', {
    retryAfterMs: 1000,
  });
}
