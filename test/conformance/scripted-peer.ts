import { ExportReportResponse, ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { Operation } from '../../generated/google/longrunning/operations.js';
import type { OperationHandle } from '../../src/client/operations/operation-handle.js';
import { operationHandles } from '../../src/client/operations/operation-handles.js';
import { pack } from '../../src/core/any.js';
import type { CallOptions, OperationsApi } from '../../src/core/operations-api.js';
import { Code, StatusError } from '../../src/core/status.js';
import {
  MANUAL_CLOCK_START,
  type ManualClock,
  manualClock,
  pausesUntil,
} from '../../src/testing/clock/manual-clock.js';

export const NAME = 'operations/1';

/** Peer's reply to one request for the state: a state, an error, or nothing until the caller gives up. */
export type Reply = Operation | StatusError | 'silence';

/** Behavior of the peer besides its replies. */
export interface PeerOptions {
  /**
   * True if it implements WaitOperation, which it answers immediately.
   *
   * @defaultValue false
   */
  readonly longPolls?: boolean;
  /** Replies to CancelOperation, in order; the last one repeats. */
  readonly cancel?: readonly Reply[];
  readonly delete?: Reply;
}

type Handle = OperationHandle<ExportReportResponse, ReportMetadata>;

/** Operation on a server with scripted replies, on a clock that the test advances. */
export interface Peer {
  readonly clock: ManualClock;
  /** Names of the called methods, in order. */
  readonly calls: readonly string[];
  /** Time of each request for the state, in milliseconds from the start. */
  readonly askedAtMs: readonly number[];
  /** Request of each call. */
  readonly requests: readonly { readonly name: string }[];
  /** Elapsed time. */
  readonly elapsedMs: number;
  readonly operation: Handle;
  /** Creates a handle from the result of a starting call. */
  started(operation: Operation): Handle;
  /** Advances the clock from timer to timer until the promise settles. */
  run<Result>(promise: Promise<Result>): Promise<Result>;
}

/**
 * Creates a scripted peer.
 *
 * @param replies - replies to requests for the state, in order; the last one repeats.
 */
export function scriptedPeer(replies: readonly Reply[], options: PeerOptions = {}): Peer {
  const clock = manualClock();
  const calls: string[] = [];
  const askedAtMs: number[] = [];
  const requests: { name: string }[] = [];
  let cancels = 0;
  const note = (method: string, request: { name: string }) => {
    calls.push(method);
    requests.push(request);
  };
  const state = (call: CallOptions | undefined): Promise<Operation> => {
    const reply = replies[Math.min(askedAtMs.length, replies.length - 1)] ?? 'silence';
    askedAtMs.push(clock.now() - MANUAL_CLOCK_START);
    return answer(reply, call);
  };
  const api: OperationsApi = {
    async getOperation(request, call) {
      note('get', request);
      return state(call);
    },
    async waitOperation(request, call) {
      if (!options.longPolls) throw new StatusError(Code.UNIMPLEMENTED, 'no such method');
      note('wait', request);
      return state(call);
    },
    async cancelOperation(request, call) {
      note('cancel', request);
      const replies = options.cancel ?? [running()];
      await answer(replies[Math.min(cancels++, replies.length - 1)] ?? 'silence', call);
    },
    async deleteOperation(request, call) {
      note('delete', request);
      await answer(options.delete ?? running(), call);
    },
    listOperations: () => Promise.reject(new StatusError(Code.UNIMPLEMENTED, 'no such method')),
  };
  const open = operationHandles(api, { clock, random: () => 1 });
  const started = (operation: Operation) => open(operation, ReportsOperations.exportReport);
  return {
    clock,
    calls,
    askedAtMs,
    requests,
    get elapsedMs() {
      return clock.now() - MANUAL_CLOCK_START;
    },
    operation: open(NAME, ReportsOperations.exportReport),
    started,
    async run(promise) {
      await pausesUntil(promise, clock);
      return promise;
    },
  };
}

function answer(reply: Reply, { signal }: CallOptions = {}): Promise<Operation> {
  if (reply instanceof StatusError) return Promise.reject(reply);
  if (reply !== 'silence') return Promise.resolve(reply);
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Metadata with this progress. */
export function progress(progressPercent: number): ReportMetadata {
  return ReportMetadata.fromPartial({ progressPercent });
}

export function running(progressPercent?: number): Operation {
  return { ...Operation.fromPartial({ name: NAME }), metadata: packed(progressPercent) };
}

export function succeeded(uri = 'done', progressPercent?: number): Operation {
  const value = pack(ExportReportResponse, ExportReportResponse.fromPartial({ uri }));
  return { ...running(progressPercent), done: true, result: { $case: 'response', value } };
}

export function failed(error: StatusError, progressPercent?: number): Operation {
  const value = error.toStatus();
  return { ...running(progressPercent), done: true, result: { $case: 'error', value } };
}

export function cancelled(): Operation {
  return failed(new StatusError(Code.CANCELLED, 'somebody cancelled it'));
}

/** Error with this code, of a call or an operation. */
export function error(code: Code, message = 'it went wrong'): StatusError {
  return new StatusError(code, message);
}

function packed(progressPercent: number | undefined) {
  return progressPercent === undefined ? undefined : pack(ReportMetadata, progress(progressPercent));
}
