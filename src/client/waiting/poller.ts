import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Any } from '../../../generated/google/protobuf/any.js';
import type { Clock } from '../../core/clock.js';
import { sleep } from '../../core/signals.js';
import { StatusError } from '../../core/status.js';
import type { OperationFetcher } from './fetcher.js';
import type { RetryPredicate } from './retry.js';
import { type Pace, type RequestStep, type WaitEvent, WaitPolicy } from './wait-policy.js';
import { WaitSupport } from './wait-support.js';

/** Dependencies of a {@link Poller}. */
export interface PollerOptions {
  readonly fetcher: OperationFetcher;
  readonly clock: Clock;
  /** Source of jitter: returns a number from 0 up to 1. */
  readonly random: () => number;
}

/** State of the operation from one request, or the error of a request that will be retried. */
export type Answer =
  | { readonly kind: 'state'; readonly operation: Operation }
  | { readonly kind: 'unanswered'; readonly error: StatusError };

/** Parameters of one wait. */
export interface PollOptions {
  readonly pace: Pace;
  readonly retry: RetryPredicate | undefined;
  readonly signal: AbortSignal;
}

/** Executes the decisions of a {@link WaitPolicy}, for all operations of a client. */
export class Poller {
  readonly #options: PollerOptions;
  readonly #support: WaitSupport;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#support = new WaitSupport(options.clock);
  }

  /**
   * Yields the result of each request until the operation is done.
   *
   * @throws StatusError that ends the wait; `signal.reason` on abort, at once.
   */
  async *answers(name: string, { pace, retry, signal }: PollOptions): AsyncGenerator<Answer, void> {
    const { clock, random } = this.#options;
    const policy = new WaitPolicy({ pace, retry, support: this.#support, random });
    let step = policy.begin(clock.now());
    while (step.kind === 'wait' || step.kind === 'get') {
      if (step.delayMs > 0) await sleep(step.delayMs, signal, clock);
      const event = await this.#request(name, step, signal);
      step = policy.next(step, event, clock.now());
      if (step.kind === 'fail' || step.kind === 'end') break;
      if (event.kind === 'answered' && !event.operation.done) {
        yield { kind: 'state', operation: event.operation };
      } else if (policy.lastError) yield { kind: 'unanswered', error: policy.lastError };
    }
    if (step.kind === 'fail') throw step.error;
    if (step.kind === 'end') yield { kind: 'state', operation: step.operation };
  }

  async #request(name: string, step: RequestStep, signal: AbortSignal): Promise<WaitEvent> {
    const { fetcher, clock } = this.#options;
    const startedAt = clock.now();
    // Setting the clock back must not cause a long pause.
    const tookMs = () => Math.max(0, clock.now() - startedAt);
    try {
      const operation =
        step.kind === 'get'
          ? await fetcher.get(name, signal)
          : await this.#support.ask(() => fetcher.wait(name, step.waitMs, signal), signal);
      return operation ? { kind: 'answered', operation, tookMs: tookMs() } : { kind: 'skipped' };
    } catch (thrown) {
      signal.throwIfAborted();
      return { kind: 'failed', error: StatusError.from(thrown), tookMs: tookMs() };
    }
  }
}

/** Yields the first state of an operation, those with changed metadata, and the end (contract 40). */
export async function* changesOf(states: AsyncIterable<Operation>): AsyncGenerator<Operation, void> {
  let previous: Operation | undefined;
  for await (const state of states) {
    if (!previous || state.done || !sameAny(state.metadata, previous.metadata)) {
      previous = state;
      yield state;
    }
  }
}

function sameAny(one: Any | undefined, other: Any | undefined): boolean {
  if (!one || !other) return one === other;
  return one.typeUrl === other.typeUrl && Buffer.compare(one.value, other.value) === 0;
}
