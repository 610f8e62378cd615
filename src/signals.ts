import { type Clock, systemClock } from './clock.js';
import { invalidField } from './status.js';

/** An AbortSignal that follows others; `dispose` stops following, so that no listener outlives its use. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A signal that aborts, with the same reason, as soon as one of `signals` does.
 *
 * Unlike `AbortSignal.any` it lets go of its sources when it is disposed of, however long they live.
 */
export function link(...signals: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const unsubscribe = signals.map((signal) =>
    signal ? onAbort(signal, (reason) => controller.abort(reason)) : () => {},
  );
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const stop of unsubscribe) stop();
    },
  };
}

/** How long a caller is ready to wait: until the time is up or the signal aborts, if it says so at all. */
export interface Patience {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does `work` with a signal that aborts when the caller's does, with the same reason, or with `timedOut()` when
 * its time is up. Nothing is left of it once the work has settled.
 *
 * @throws StatusError INVALID_ARGUMENT when `timeoutMs` is negative or no number.
 */
export async function within<T>(
  { timeoutMs, signal }: Patience,
  timedOut: (timeoutMs: number) => unknown,
  clock: Clock,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
    throw invalidField(
      'timeoutMs',
      `timeoutMs is ${timeoutMs}: give 0 or more milliseconds, or leave it out`,
    );
  }
  const limit = new AbortController();
  const linked = link(signal, limit.signal);
  const stopTimer =
    timeoutMs === undefined ? () => {} : clock.setTimer(() => limit.abort(timedOut(timeoutMs)), timeoutMs);
  try {
    return await work(linked.signal);
  } finally {
    stopTimer();
    linked[Symbol.dispose]();
  }
}

/** Calls `listener` once when `signal` aborts, at once if it has; the function returned unsubscribes. */
export function onAbort(signal: AbortSignal, listener: (reason: unknown) => void): () => void {
  if (signal.aborted) {
    listener(signal.reason);
    return () => {};
  }
  const onEvent = () => listener(signal.reason);
  signal.addEventListener('abort', onEvent, { once: true });
  return () => signal.removeEventListener('abort', onEvent);
}

/**
 * Resolves after `delayMs`, or rejects with `signal.reason` as soon as the signal aborts.
 *
 * No timer and no listener is left either way.
 */
export function sleep(delayMs: number, signal?: AbortSignal, clock: Clock = systemClock): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stopTimer = clock.setTimer(() => {
      stopListening();
      resolve();
    }, delayMs);
    const stopListening = signal
      ? onAbort(signal, (reason) => {
          stopTimer();
          reject(reason);
        })
      : () => {};
  });
}

/** Settles as `promise` does, unless `signal` aborts first: then it rejects with `signal.reason`. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, reject);
    promise.then(resolve, reject).finally(stopListening);
  });
}
