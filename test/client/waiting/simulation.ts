import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { OperationFetcher } from '../../../src/client/waiting/fetcher.js';
import type { RetryPredicate } from '../../../src/client/waiting/retry.js';
import { type Pace, UNTIL_DONE, WaitLoop } from '../../../src/client/waiting/wait-loop.js';
import { WaitSupport } from '../../../src/client/waiting/wait-support.js';
import type { Clock } from '../../../src/core/clock.js';
import { StatusError } from '../../../src/core/status.js';
import { NAME } from '../scripted-client.js';
import { running, succeeded } from '../scripted-server.js';

/** Result of a request: an operation or an error, with its delay in milliseconds. */
interface Reply {
  readonly result: Operation | StatusError;
  readonly afterMs: number;
}

export type Server = (request: {
  readonly kind: 'wait' | 'get';
  readonly atMs: number;
  readonly waitMs: number;
}) => Reply;

interface Request {
  readonly kind: 'wait' | 'get';
  readonly atMs: number;
  readonly waitMs: number;
}

type Step =
  | { readonly kind: 'end'; readonly operation: Operation }
  | { readonly kind: 'fail'; readonly error: unknown }
  | { readonly kind: 'stopped' };

/** Runs a wait against a simulated server, in simulated time. */
export async function simulate(
  server: Server,
  {
    pace = UNTIL_DONE,
    retry,
    untilMs = 3_600_000,
  }: { pace?: Pace; retry?: RetryPredicate; untilMs?: number } = {},
) {
  let now = 0;
  const clock: Clock = {
    now: () => now,
    setTimer(callback, delayMs, options) {
      if (options?.background) return () => {};
      queueMicrotask(() => {
        now += delayMs;
        callback();
      });
      return () => {};
    },
  };
  const stopped = new AbortController();
  const requests: Request[] = [];
  const request = async (kind: 'wait' | 'get', waitMs: number) => {
    if (now >= untilMs) stopped.abort();
    stopped.signal.throwIfAborted();
    requests.push({ kind, atMs: now, waitMs });
    const { result, afterMs } = server({ kind, atMs: now, waitMs });
    now += afterMs;
    if (result instanceof StatusError) throw result;
    return result;
  };
  const fetcher: OperationFetcher = {
    get: () => request('get', 0),
    wait: (_, waitMs) => request('wait', waitMs),
  };
  const { signal } = stopped;
  const terms = { pace, retry, signal, onError: () => {} };
  const wait = new WaitLoop(NAME, {
    fetcher,
    support: new WaitSupport(clock),
    clock,
    random: () => 1,
    ...terms,
  });
  let step: Step = { kind: 'stopped' };
  try {
    for await (const operation of wait.states()) if (operation.done) step = { kind: 'end', operation };
  } catch (error) {
    if (!signal.aborted) step = { kind: 'fail', error };
  }
  const waits = requests.filter(({ kind }) => kind === 'wait');
  return { step, requests, waits, endedAtMs: now };
}

/** Simulates an operation that ends at a given time, behind a proxy that cuts long polls after `cutMs`. */
export function behindProxy(endsAtMs: number, cutMs: () => number, error: StatusError): Server {
  return ({ kind, atMs, waitMs }) => {
    if (atMs >= endsAtMs) return { result: succeeded(), afterMs: 1 };
    if (kind === 'get') return { result: running(), afterMs: 1 };
    const endsMs = endsAtMs - atMs;
    const afterMs = Math.min(waitMs, endsMs);
    const cut = cutMs();
    if (cut < afterMs) return { result: error, afterMs: cut };
    return { result: endsMs <= waitMs ? succeeded() : running(), afterMs };
  };
}
