import { contain, type OnFailure } from '../../core/contain.js';
import type { Logger } from '../../core/logger.js';
import type { Code, StatusError } from '../../core/status.js';
import { type TraceContext, traceContextOf } from '../../core/trace-context.js';
import type { OperationRecord, UnfinishedCount } from '../../stores/contract/operation-store.js';
import type { CallFacts } from '../access/call-facts.js';
import type {
  RunEnding,
  StoreVerb,
  Telemetry,
  TelemetryCall,
  TelemetryRun,
  TelemetrySpan,
} from './telemetry.js';

/** Returns the failure handler of a telemetry callback. */
type Report = (callback: string) => OnFailure;

/**
 * Wraps telemetry that the application supplied, so that its callbacks can neither fail nor change the outcome of the observed
 * calls. The first failure of each callback is logged.
 */
export class SafeTelemetry implements Telemetry {
  readonly #supplied: Telemetry;
  readonly #report: Report;

  constructor(supplied: Telemetry, logger: Logger) {
    this.#supplied = supplied;
    const reported = new Set<string>();
    this.#report = (callback) => (error) => {
      if (reported.has(callback)) return;
      reported.add(callback);
      logger.error(
        { err: error, callback },
        'telemetry failed; later failures of this callback are not logged',
      );
    };
  }

  async ready(): Promise<void> {
    await this.#supplied.ready?.();
  }

  call(facts: CallFacts): TelemetryCall {
    return new SafeSpan(
      contain(() => this.#supplied.call(facts), this.#report('call')),
      this.#report,
    );
  }

  current(): TraceContext | undefined {
    const report = this.#report('current');
    const context = contain(() => this.#supplied.current(), report);
    return contain(() => validContext(context), report);
  }

  run(record: OperationRecord): TelemetryRun {
    return new SafeSpan(
      contain(() => this.#supplied.run(record), this.#report('run')),
      this.#report,
    );
  }

  changed(before: OperationRecord | undefined, after: OperationRecord, at: number): void {
    contain(() => this.#supplied.changed(before, after, at), this.#report('changed'));
  }

  wait(): () => void {
    const report = this.#report('wait');
    const end = contain(() => this.#supplied.wait(), report);
    return () => contain(() => end?.(), report);
  }

  storeCall(verb: StoreVerb): (error?: unknown) => void {
    const report = this.#report('storeCall');
    const end = contain(() => this.#supplied.storeCall(verb), report);
    return (error) => contain(() => end?.(error), report);
  }

  unfinished(count: () => Promise<readonly UnfinishedCount[]>): () => void {
    const report = this.#report('unfinished');
    const end = contain(() => this.#supplied.unfinished(count), report);
    return () => contain(() => end?.(), report);
  }
}

/** Object that telemetry returned for a call or a run, with the methods of both. */
type SuppliedSpan = TelemetrySpan & Pick<TelemetryRun, 'cancelRequested'> & { end(...args: unknown[]): void };

class SafeSpan implements TelemetrySpan {
  readonly #supplied: SuppliedSpan | undefined;
  readonly #report: Report;

  constructor(supplied: TelemetryCall | TelemetryRun | undefined, report: Report) {
    this.#supplied = supplied as SuppliedSpan | undefined;
    this.#report = report;
  }

  get trace(): TraceContext | undefined {
    const report = this.#report('trace');
    const context = contain(() => this.#supplied?.trace, report);
    return contain(() => validContext(context), report);
  }

  within<Result>(act: () => Result): Result {
    let done: Done<Result> | undefined;
    // Exactly once, whether the telemetry calls it never, twice or later.
    const once = () => {
      done ??= outcomeOf(act);
      if ('thrown' in done) throw done.thrown;
      return done.value;
    };
    if (this.#supplied) {
      const within = () => {
        const returned: unknown = this.#supplied?.within(once);
        // A promise that `act` returned is handled by its caller.
        return done && 'value' in done && done.value === returned ? undefined : returned;
      };
      contain(within, (error) => {
        if (!(done && 'thrown' in done && done.thrown === error)) this.#report('within')(error);
      });
    }
    return once();
  }

  cancelRequested(): void {
    contain(() => this.#supplied?.cancelRequested(), this.#report('cancelRequested'));
  }

  end(outcome: Code | RunEnding, more?: string | StatusError): void {
    contain(() => this.#supplied?.end(outcome, more), this.#report('end'));
  }
}

type Done<Result> = { readonly value: Result } | { readonly thrown: unknown };

function outcomeOf<Result>(act: () => Result): Done<Result> {
  try {
    return { value: act() };
  } catch (thrown) {
    return { thrown };
  }
}

/** Reads each property once. Returns undefined unless they form a trace context. */
function validContext(supplied: unknown): TraceContext | undefined {
  const { traceparent, tracestate } = (supplied ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof traceparent !== 'string') return undefined;
  return traceContextOf({ traceparent, ...(typeof tracestate === 'string' && { tracestate }) });
}
