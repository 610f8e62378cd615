import { assertTimeout, type Clock, systemClock, type TimerOptions } from './clock.js';

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
  const unsubscribe = signals.map((signal) => onAbort(signal, (reason) => controller.abort(reason)));
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
  assertTimeout(timeoutMs);
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

type AbortListener = (reason: unknown) => void;

interface Subscribers {
  readonly listeners: Set<AbortListener>;
  readonly unsubscribe: () => void;
}

/** Who listens to which signal. */
const subscribers = new WeakMap<AbortSignal, Subscribers>();

/**
 * Calls `listener` once when `signal` aborts, at once if it has; the function returned unsubscribes.
 *
 * Made for thousands of listeners on one signal, such as that of a client which is closed: an event target looks
 * through them all for each one that comes or goes, so it is given one for all of them.
 */
export function onAbort(signal: AbortSignal | undefined, listener: AbortListener): () => void {
  if (!signal) return () => {};
  if (signal.aborted) {
    listener(signal.reason);
    return () => {};
  }
  const { listeners, unsubscribe } = subscribers.get(signal) ?? subscribe(signal);
  // The same function may be given twice, and is then called twice.
  const own: AbortListener = (reason) => listener(reason);
  listeners.add(own);
  return () => {
    if (listeners.delete(own) && listeners.size === 0) unsubscribe();
  };
}

function subscribe(signal: AbortSignal): Subscribers {
  const listeners = new Set<AbortListener>();
  const onEvent = () => {
    subscribers.delete(signal);
    for (const listener of listeners) listener(signal.reason);
  };
  const unsubscribe = () => {
    subscribers.delete(signal);
    signal.removeEventListener('abort', onEvent);
  };
  signal.addEventListener('abort', onEvent, { once: true });
  const made = { listeners, unsubscribe };
  subscribers.set(signal, made);
  return made;
}

/**
 * Resolves after `delayMs`, or rejects with `signal.reason` as soon as the signal aborts.
 *
 * No timer and no listener is left either way.
 */
export function sleep(
  delayMs: number,
  signal?: AbortSignal,
  clock: Clock = systemClock,
  options?: TimerOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stopTimer = clock.setTimer(
      () => {
        stopListening();
        resolve();
      },
      delayMs,
      options,
    );
    const stopListening = onAbort(signal, (reason) => {
      stopTimer();
      reject(reason);
    });
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

/** Resolves true when the promise settles, or false after so long without it. */
export function atMost(timeoutMs: number, promise: Promise<unknown>, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const stopTimer = clock.setTimer(() => resolve(false), timeoutMs);
    const settled = () => {
      stopTimer();
      resolve(true);
    };
    promise.then(settled, settled);
  });
}
