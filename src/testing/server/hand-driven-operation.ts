import type { Registry } from '@bufbuild/protobuf';
import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Clock } from '../../core/clock.js';
import { Code, type CodeName, codeName, kitError, quoted, StatusError } from '../../core/status.js';
import { isGone, type LifecycleEvent, queued, toOperation } from '../../server/work/lifecycle.js';
import { Transitions } from '../../server/work/transitions.js';
import type { OperationRecord, OperationStore } from '../../stores/contract/operation-store.js';
import { type AnyValue, toAny } from '../faking/any-value.js';
import type { OnCancel } from '../faking/cancel-behavior.js';
import { delayOf } from '../faking/play-script.js';
import type { ErrorSource } from '../script/script-source.js';

/** What an operation is to be that a test drives by hand. */
export interface HandDrivenOptions {
  /**
   * The last segment of its name.
   *
   * @defaultValue the next number, as all operations of the server are named
   */
  readonly id?: string;
  /** What it is named under: `${parent}/operations/{id}`. @defaultValue none: plain `operations/{id}` */
  readonly parent?: string;
  /** To begin with. @defaultValue none */
  readonly metadata?: AnyValue;
  /**
   * What becomes of a request to cancel without the test doing anything: nothing (`ignore`), the end as cancelled, at
   * once (`honour`) or after so long; `unimplemented` refuses it.
   *
   * @defaultValue 'ignore'
   */
  readonly onCancel?: OnCancel;
  /**
   * The method whose next call is answered with it, instead of an operation by script: `CreateAwsCluster`. Such an
   * operation is named under `parent`, whatever that call says.
   *
   * @defaultValue none: it is there for whoever knows its name
   */
  readonly startedBy?: string;
}

/** An operation to which nothing happens but what a test says. */
export interface HandDrivenOperation {
  readonly name: string;
  /** Resolves when its cancellation has been requested. */
  readonly cancelRequested: Promise<void>;
  /** As it is now. @throws StatusError NOT_FOUND when it was deleted or has expired. */
  get(): Promise<Operation>;
  /** Replaces its metadata. */
  update(metadata: AnyValue): Promise<void>;
  /** Ends it with a response. @defaultValue the empty message */
  succeed(response?: AnyValue): Promise<void>;
  /** Ends it with an error: any but CANCELLED, which is what `cancelled` is for. */
  fail(error: StatusError | ErrorSource): Promise<void>;
  /** Ends it as cancelled, whether or not anybody asked for that. */
  cancelled(): Promise<void>;
  /** Has it forgotten, as if its time were over: nobody finds it any more. */
  expire(): Promise<void>;
}

/** What hand-driven operations live in. */
export interface HandDrivenParts {
  readonly store: OperationStore;
  readonly clock: Clock;
  readonly retentionMs: number;
  /** The types that metadata and responses may have. */
  readonly registry: () => Registry;
}

const EMPTY: AnyValue = { typeUrl: 'type.googleapis.com/google.protobuf.Empty', value: new Uint8Array() };

const NO_METHOD = '/longrunning.testing.TestServer/Operation';

/** Makes an operation that is at work, and stays so. */
export async function startByHand(
  { store, clock, retentionMs, registry }: HandDrivenParts,
  { id, parent = '', metadata, onCancel = 'ignore' }: HandDrivenOptions & { readonly id: string },
): Promise<HandDrivenOperation> {
  const transitions = new Transitions(store, new Map(), retentionMs);
  const record = queued({
    id,
    parent,
    // No method's, so that nobody is handed work on it.
    method: NO_METHOD,
    request: new Uint8Array(),
    cancellable: onCancel !== 'unimplemented',
    createTime: clock.now(),
    metadata: metadata && toAny(metadata, registry()),
  });
  const { name } = await store.create({ ...record, attempt: 1 });
  const change = async (what: string, eventAt: (at: number) => LifecycleEvent) => {
    const committed = await transitions.commit(name, () => eventAt(clock.now()));
    if (!committed) throw gone(name);
    if (!committed.changed) throw endedAlready(committed.record, what);
  };
  const cancelled = () => change('be cancelled', (at) => ({ type: 'cancelled', attempt: 1, at }));
  return {
    name,
    cancelRequested: watchCancelRequest(store, name).then(() => obey(onCancel, clock, cancelled)),
    async get() {
      const found = await store.get(name);
      if (!found || isGone(found, clock.now())) throw gone(name);
      return toOperation(found);
    },
    async update(given) {
      const packed = toAny(given, registry());
      await change('be updated', () => ({ type: 'updated', attempt: 1, metadata: packed }));
    },
    async succeed(given = EMPTY) {
      const response = toAny(given, registry());
      await change('succeed', (at) => ({ type: 'succeeded', attempt: 1, at, response }));
    },
    async fail(given) {
      const error = toError(given, registry());
      await change('fail', (at) => ({ type: 'failed', attempt: 1, at, error }));
    },
    cancelled,
    async expire() {
      if (!(await store.delete(name))) throw gone(name);
    },
  };
}

/** Resolves when the record says that cancellation was requested; never, when it does not come to that. */
function watchCancelRequest(store: OperationStore, name: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = store.watch(async (changed) => {
      if (changed !== undefined && changed !== name) return;
      const record = await store.get(name).catch(() => undefined);
      const isRequested = record?.cancelRequestTime !== undefined;
      if (isRequested || !record || record.result) stop();
      if (isRequested) resolve();
    });
  });
}

function obey(onCancel: OnCancel, clock: Clock, cancel: () => Promise<void>): void {
  // The test may have ended it first.
  const cancelIfStillRunning = () => cancel().catch(() => {});
  const delayMs = delayOf(onCancel);
  if (delayMs === 0) cancelIfStillRunning();
  else if (delayMs !== undefined) clock.setTimer(cancelIfStillRunning, delayMs, { background: true });
}

function toError(given: StatusError | ErrorSource, registry: Registry): StatusError {
  if (given instanceof StatusError) return given;
  const details = given.details?.map((detail) => toAny(detail as AnyValue, registry));
  return new StatusError(Code[given.code as CodeName], given.message, details);
}

function endedAlready({ name, result }: OperationRecord, how: string): StatusError {
  const ending = result?.$case === 'error' ? `with ${codeName(result.value.code)}` : 'with a response';
  const message = `operation ${quoted(name)} cannot ${how}, it has ended ${ending}: an operation ends once`;
  return kitError(Code.FAILED_PRECONDITION, 'OPERATION_ENDED', message, { metadata: { name } });
}

function gone(name: string): StatusError {
  const message = `operation ${quoted(name)} is gone: it was deleted or has expired`;
  return kitError(Code.NOT_FOUND, 'OPERATION_NOT_FOUND', message, { metadata: { name } });
}
