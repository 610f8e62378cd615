import type { Any } from '../../../generated/google/protobuf/any.js';
import type { Clock } from '../../core/clock.js';
import { ignoreRejection } from '../../core/contain.js';
import type { Logger } from '../../core/logger.js';
import { atMost } from '../../core/signals.js';
import { Code, internalError, isStatusError, kitError, StatusError } from '../../core/status.js';
import { readProperty } from '../../core/text.js';
import type { OperationRecord, OperationStore, WorkOutcome } from '../../stores/contract/operation-store.js';
import type { Waiters } from '../service/waiters.js';
import type { RunEnding, Telemetry, TelemetryRun } from '../telemetry/telemetry.js';
import type { RunContext } from './implement.js';
import { cancellation, type LifecycleEvent } from './lifecycle.js';
import { isUnavailable, type Recorder } from './recorder.js';
import type { ServedMethod } from './served-method.js';
import type { SizeLimits } from './size-limits.js';
import type { Committed } from './transitions.js';
import { workController } from './work-signal.js';

/** Dependencies of a run. */
export interface RunOptions {
  readonly store: OperationStore;
  readonly waiters: Waiters;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly telemetry: Telemetry | undefined;
  readonly sizes: SizeLimits;
}

/** Maximum delay of a server's shutdown by a store that neither answers nor fails. */
const RECORD_MS = 1000;

/** Lifecycle event that records the end of a run. */
type Ending = LifecycleEvent & { readonly type: 'succeeded' | 'failed' | 'cancelled' | 'interrupted' };

/** One run of an operation's work in this process, from its assignment to its outcome. */
export class Run {
  /** Resolves to the outcome once the work has ended or {@link interrupt} has given it up. */
  get left(): Promise<WorkOutcome> {
    return this.#left.promise;
  }
  readonly #options: RunOptions;
  readonly #method: ServedMethod;
  readonly #recorder: Recorder;
  readonly #name: string;
  readonly #controller = workController((error) =>
    this.#log('listener to the signal of the work failed', error),
  );
  readonly #left = Promise.withResolvers<WorkOutcome>();
  /** Attempt number of this run; undefined until it is recorded. */
  #attempt: number | undefined;
  #observed: TelemetryRun | undefined;
  #stopReason: RunContext<unknown>['stopReason'];
  /** Latest known record. Usually no other change comes between, so the next commit needs no read. */
  #known: OperationRecord;
  /** Latest reported version that this run has not seen yet; 0 if there is none. */
  #unseen = 0;
  #isReading = false;
  /** `ending` while the end is being recorded; `interrupted` once further results of the work are ignored. */
  #state: 'working' | 'ending' | 'interrupted' = 'working';

  constructor(options: RunOptions, method: ServedMethod, recorder: Recorder, record: OperationRecord) {
    this.#options = options;
    this.#method = method;
    this.#recorder = recorder;
    this.#name = record.name;
    this.#known = record;
    this.#run(record).then(this.#left.resolve, this.#left.reject);
  }

  /**
   * Gives up the work when the server stops: aborts its signal and ignores further results. The work is recorded as
   * interrupted, or released for another server to resume. An unavailable store is not waited for, one that does
   * not answer for at most a second. If the work has already ended by itself, that end is recorded.
   */
  async interrupt(): Promise<void> {
    this.#recorder.stop();
    if (this.#state === 'ending') {
      if (await atMost(RECORD_MS, this.left, this.#options.clock)) return;
      this.#log('end could not be recorded in time', undefined);
      this.#left.resolve('released');
      return;
    }
    this.#state = 'interrupted';
    let outcome: WorkOutcome = 'released';
    try {
      if (this.#attempt !== undefined && this.#method.onInterrupted === 'abort') {
        const recorded = this.#record({ type: 'interrupted', attempt: this.#attempt, at: this.#now() });
        if (await atMost(RECORD_MS, recorded, this.#options.clock)) outcome = await recorded;
        else this.#log('interruption could not be recorded in time', undefined);
      }
    } catch (error) {
      this.#log('interruption could not be recorded', error);
    }
    this.#reportEnd(outcome === 'ended' ? 'interrupted' : outcome);
    this.#left.resolve(outcome);
    const message = 'server is stopping: end the work and start it again later';
    this.#abort('stopping', kitError(Code.ABORTED, 'SERVER_STOPPING', message));
  }

  async #run(record: OperationRecord): Promise<WorkOutcome> {
    // Subscribed before the start is recorded, so that no cancel request is missed.
    const unsubscribe = this.#options.waiters.subscribe(this.#name, (changed) => this.#changed(changed));
    try {
      const { attempt } = record;
      if (attempt > 0 && !this.#method.resumes(record)) {
        return await this.#recordLast({ type: 'interrupted', attempt, at: this.#now() });
      }
      let started: Committed | undefined;
      try {
        started = await this.#commit(() => ({ type: 'started', attempt }));
      } catch (error) {
        if (isUnavailable(error) || this.#isInterrupted()) throw error;
        return await this.#failUnstarted(attempt, error);
      }
      if (!started?.changed) return this.#notStarted(record, started);
      if (this.#isInterrupted()) return this.left;
      this.#attempt = started.record.attempt;
      this.#observed = this.#options.telemetry?.run(started.record);
      this.#options.logger.debug?.({}, 'work started');
      if (started.record.cancelRequestTime !== undefined) this.#abortAsCancelled();
      // Changes reported before the start was recorded.
      if (this.#unseen > started.record.version) this.#read(this.#attempt);
      const ending = await this.#inTime(started.record);
      if (this.#isInterrupted()) return this.left;
      this.#state = 'ending';
      return await this.#recordLast(ending);
    } finally {
      unsubscribe();
    }
  }

  /** Fails an operation whose start the store cannot record; otherwise it might stay queued indefinitely. */
  async #failUnstarted(attempt: number, cause: unknown): Promise<WorkOutcome> {
    this.#log('work could not be started: its operation ends with an internal error', cause);
    this.#state = 'ending';
    const error = internalError(this.#method.path, cause);
    const outcome = await this.#recordLast({ type: 'failed', attempt, at: this.#now(), error });
    // The start may have been recorded after all. In that case no server has the work.
    return outcome === 'superseded' ? 'released' : outcome;
  }

  /** Returns the outcome of work that another server has started or ended, as far as is known. */
  #notStarted({ attempt }: OperationRecord, found: Committed | undefined): WorkOutcome {
    const outcome = outcomeOf(found);
    // A write whose answer was lost may have been our own start. In that case no server has the work.
    const mayBeOurs = this.#recorder.hasRetried && found?.record.attempt === attempt + 1;
    return outcome === 'superseded' && mayBeOurs ? 'released' : outcome;
  }

  async #recordLast(ending: Ending): Promise<WorkOutcome> {
    let last = ending;
    let left: RunEnding = 'unrecorded';
    try {
      let ended: Committed | undefined;
      try {
        ended = await this.#commitLast(ending);
      } catch (error) {
        if (isUnavailable(error)) throw error;
        // An end that cannot be stored must not leave the operation running.
        this.#log('end could not be recorded: it is recorded as an internal error', error);
        const { attempt, at } = ending;
        last = { type: 'failed', attempt, at, error: internalError(this.#method.path, error) };
        ended = await this.#recorder.commitEventually(this.#name, last);
      }
      left = ended?.changed ? last.type : 'superseded';
      return outcomeOf(ended);
    } finally {
      this.#reportEnd(left, last.type === 'failed' ? last.error : undefined);
    }
  }

  async #record(ending: Ending): Promise<WorkOutcome> {
    return outcomeOf(await this.#commitLast(ending));
  }

  async #commitLast(ending: Ending): Promise<Committed | undefined> {
    const ended = await this.#commit(() => ending);
    // The operation was deleted while it ran, so its record is no longer needed.
    if (ended?.changed && ended.record.deleteTime !== undefined) await this.#options.store.delete(this.#name);
    return ended;
  }

  #reportEnd(ending: RunEnding, error?: StatusError): void {
    this.#observed?.end(ending, error);
    if (this.#attempt !== undefined) this.#options.logger.debug?.({ ending }, 'work ended');
  }

  async #commit(eventFor: (record: OperationRecord) => LifecycleEvent): Promise<Committed | undefined> {
    const committed = await this.#recorder.commit(this.#name, eventFor, this.#known);
    if (committed) this.#known = committed.record;
    return committed;
  }

  /** Handles the report that the record may have changed. */
  #changed(changed: OperationRecord | undefined): void {
    if (this.#attempt === undefined || !changed) {
      this.#unseen = Math.max(this.#unseen, changed?.version ?? Number.POSITIVE_INFINITY);
      if (this.#attempt !== undefined && !this.#isReading) this.#read(this.#attempt);
    } else this.#apply(changed, this.#attempt);
  }

  /** Reads the record until nothing is unseen. */
  async #read(attempt: number): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#unseen > 0 && this.#state === 'working') {
        this.#unseen = 0;
        this.#apply(await this.#recorder.read(this.#name), attempt);
      }
    } catch (error) {
      this.#log('operation could not be read', error);
    } finally {
      this.#isReading = false;
    }
  }

  /** Aborts the work if the record shows a cancel request or a takeover by another server. */
  #apply(record: OperationRecord | undefined, attempt: number): void {
    if (this.#state !== 'working') return;
    if (!record || record.result || record.attempt > attempt) this.#abortAsTakenOver();
    else if (record.cancelRequestTime !== undefined) this.#abortAsCancelled();
  }

  #abortAsTakenOver(): void {
    const message = 'another server has taken over the work: end it, its results are ignored';
    this.#abort('superseded', kitError(Code.ABORTED, 'WORK_TAKEN_OVER', message));
  }

  #abortAsCancelled(): void {
    if (this.#controller.signal.aborted) return;
    this.#observed?.cancelRequested();
    this.#options.logger.debug?.({}, 'cancellation was requested');
    this.#abort('cancelled', StatusError.from(cancellation(this.#name)));
  }

  /** Aborts the signal of the work. Only the first reason counts. */
  #abort(stopReason: RunContext<unknown>['stopReason'], reason: StatusError): void {
    if (this.#controller.signal.aborted) return;
    this.#stopReason = stopReason;
    this.#controller.abort(reason);
  }

  /** Runs the method within its time limit. */
  async #inTime(record: OperationRecord): Promise<Ending> {
    const { maxRunMs } = this.#method;
    if (maxRunMs === undefined) return this.#work(record);
    const { promise: late, resolve } = Promise.withResolvers<Ending>();
    const timeOut = () => {
      const { attempt, name } = record;
      const message = `work took longer than ${maxRunMs} ms, the limit of its method: start it again with less to do`;
      const error = kitError(Code.DEADLINE_EXCEEDED, 'WORK_TIMED_OUT', message, { metadata: { name } });
      this.#abort('timedOut', error);
      const at = this.#now();
      if (this.#stopReason === 'cancelled') resolve({ type: 'cancelled', attempt, at });
      else resolve({ type: 'failed', attempt, at, error });
    };
    const stopTimer = this.#options.clock.setTimer(timeOut, maxRunMs, { background: true });
    try {
      return await Promise.race([this.#work(record), late]);
    } finally {
      stopTimer();
    }
  }

  /** Runs the method and returns its end: succeeded, failed or cancelled. */
  async #work(record: OperationRecord): Promise<Ending> {
    const { attempt } = record;
    const { signal } = this.#controller;
    let updates: Promise<void> | undefined;
    const update = (metadata: object): Promise<void> => {
      const updated = (updates ?? Promise.resolve()).then(async () => {
        // Once the method has returned, its end is recorded and nothing else.
        if (this.#state !== 'working') return;
        await this.#commit((current) => {
          const merged = this.#options.sizes.metadata(this.#method.merge(current, metadata));
          return { type: 'updated', attempt, metadata: merged };
        });
      });
      updates = updated.catch((error) => this.#log('progress could not be recorded', error));
      return updated;
    };

    let response: Any | undefined;
    let thrown: unknown;
    try {
      const run = () => this.#method.run(record, { signal, update, stopReason: () => this.#stopReason });
      response = await (this.#observed ? this.#observed.within(run) : run());
    } catch (error) {
      ignoreRejection(error);
      thrown = error;
    }
    // Readers see reported progress before they see the end.
    if (updates) await updates;
    const at = this.#now();
    const { sizes } = this.#options;
    const { metadata } = this.#known;
    if (response) {
      try {
        return { type: 'succeeded', attempt, at, response: sizes.response(response, metadata) };
      } catch (error) {
        return { type: 'failed', attempt, at, error: StatusError.from(error) };
      }
    }
    const error = isAbortOutcome(thrown, signal) ? StatusError.from(signal.reason) : this.#failure(thrown);
    if (error === signal.reason && error.code === Code.CANCELLED) return { type: 'cancelled', attempt, at };
    return { type: 'failed', attempt, at, error: sizes.error(error, metadata) };
  }

  #isInterrupted(): boolean {
    return this.#state === 'interrupted';
  }

  #failure(thrown: unknown): StatusError {
    if (isStatusError(thrown)) return StatusError.from(thrown);
    this.#log('operation failed unexpectedly', thrown);
    return internalError(this.#method.path, thrown);
  }

  #now(): number {
    return this.#options.clock.now();
  }

  #log(message: string, error: unknown): void {
    this.#options.logger.error({ err: error }, message);
  }
}

/** Returns the outcome of work from the result of its last commit. */
function outcomeOf(committed: Committed | undefined): WorkOutcome {
  return !committed || committed.record.result ? 'ended' : 'superseded';
}

/**
 * Returns true if an error other than a StatusError was thrown because the signal of the work aborted: an error with the
 * reason of the signal as its cause, an AbortError as Node's functions throw, or the error of a cancelled gRPC call.
 */
function isAbortOutcome(thrown: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  // The reason is one, and ends the operation as any other.
  if (isStatusError(thrown)) return false;
  // By name: errors of another realm, as in test runners, are not instances of our Error.
  if (readProperty(thrown, 'name') === 'AbortError') return true;
  return readProperty(thrown, 'cause') === signal.reason || StatusError.from(thrown).code === Code.CANCELLED;
}
