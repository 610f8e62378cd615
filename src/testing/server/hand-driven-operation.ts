import type { Registry } from '@bufbuild/protobuf';
import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Clock } from '../../core/clock.js';
import { Code, type CodeName, codeName, kitError, quoted, StatusError } from '../../core/status.js';
import { isGone, type LifecycleEvent, queued, toOperation } from '../../server/work/lifecycle.js';
import { Transitions } from '../../server/work/transitions.js';
import type { OperationRecord, OperationStore } from '../../stores/contract/operation-store.js';
import { type AnyValue, toAny } from '../faking/any-value.js';
import { delayOf } from '../faking/play-script.js';
import type { MethodScript, OnCancel, ScriptedError } from '../script/script-source.js';

/** Options of a hand-driven operation. */
export interface HandDrivenOptions {
  /**
   * Last segment of its name.
   *
   * @defaultValue the next number, as for all operations of the server
   */
  readonly id?: string | undefined;
  /** Prefix of its name, `${parent}/operations/{id}`. @defaultValue none: `operations/{id}` */
  readonly parent?: string | undefined;
  /** Initial metadata. @defaultValue none */
  readonly metadata?: AnyValue | undefined;
  /**
   * Cancellation behavior if the test does nothing. `ignore` does nothing; `honour` ends the operation as
   * cancelled at once; `{ afterMs }` does so after a delay. `unimplemented` rejects the request.
   *
   * @defaultValue 'ignore'
   */
  readonly onCancel?: MethodScript['onCancel'] | undefined;
  /**
   * Method whose next call this operation answers instead of a scripted one, such as `CreateAwsCluster`. Its name
   * is under `parent`, regardless of that call.
   *
   * @defaultValue none: clients use the operation by its name
   */
  readonly startedBy?: string | undefined;
}

/** Operation that changes only as the test says. */
export interface HandDrivenOperation {
  readonly name: string;
  /** Resolves when cancellation has been requested. */
  readonly cancelRequested: Promise<void>;
  /** Returns its current state. @throws StatusError NOT_FOUND if it was deleted or has expired */
  get(): Promise<Operation>;
  /** Replaces its metadata. */
  update(metadata: AnyValue): Promise<void>;
  /** Ends it with a response. @defaultValue the empty message */
  succeed(response?: AnyValue): Promise<void>;
  /** Ends it with any error except CANCELLED; use `cancelled` for that. */
  fail(error: StatusError | NonNullable<MethodScript['error']>): Promise<void>;
  /** Ends it as cancelled, even if nobody requested that. */
  cancelled(): Promise<void>;
  /** Removes it, as if it had expired. */
  expire(): Promise<void>;
}

/** Dependencies of hand-driven operations. */
export interface HandDrivenParts {
  readonly store: OperationStore;
  readonly clock: Clock;
  readonly retentionMs: number;
  /** Types of metadata and responses. */
  readonly registry: () => Registry;
}

const EMPTY: AnyValue = { typeUrl: 'type.googleapis.com/google.protobuf.Empty', value: new Uint8Array() };

const NO_METHOD = '/longrunning.testing.TestServer/Operation';

/** Creates an operation that runs until the test ends it. */
export async function startByHand(
  { store, clock, retentionMs, registry }: HandDrivenParts,
  { id, parent = '', metadata, onCancel = 'ignore' }: HandDrivenOptions & { readonly id: string },
): Promise<HandDrivenOperation> {
  const transitions = new Transitions(store, new Map(), retentionMs);
  const record = queued({
    id,
    parent,
    // A method that does not exist, so that no server picks up the work.
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

/** Resolves once cancellation is requested. Stays pending if that never happens. */
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

function toError(given: StatusError | ScriptedError, registry: Registry): StatusError {
  if (given instanceof StatusError) return given;
  const details = given.details?.map((detail) => toAny(detail as AnyValue, registry));
  return new StatusError(Code[given.code as CodeName], given.message, details);
}

function endedAlready({ name, result }: OperationRecord, how: string): StatusError {
  const ending = result?.$case === 'error' ? `with ${codeName(result.value.code)}` : 'with a response';
  const message = `operation ${quoted(name)} cannot ${how} because it ended ${ending}: an operation ends once`;
  return kitError(Code.FAILED_PRECONDITION, 'OPERATION_ENDED', message, { metadata: { name } });
}

function gone(name: string): StatusError {
  const message = `operation ${quoted(name)} is gone: it was deleted or has expired`;
  return kitError(Code.NOT_FOUND, 'OPERATION_NOT_FOUND', message, { metadata: { name } });
}
