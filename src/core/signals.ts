import { assertTimeout, type Clock, systemClock, type TimerOptions } from './clock.js';

/** An AbortSignal that follows others. Dispose of it to remove its listeners from them. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Returns a signal that aborts as soon as one of `signals` does, with the same reason.
 *
 * Unlike `AbortSignal.any`, it detaches from its sources on disposal, even if they live on.
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

/** Bounds on a wait: a timeout, a signal, both or neither. The options are those of the timer. */
export interface WaitBounds extends TimerOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` with a signal that aborts with the caller's reason, or with `timedOut()` after `timeoutMs`.
 * Removes its timer and its listeners once the work settles.
 *
 * @throws TypeError if `timeoutMs` is negative or not a number.
 */
export async function within<T>(
  { timeoutMs, signal, background }: WaitBounds,
  timedOut: (timeoutMs: number) => unknown,
  clock: Clock,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  assertTimeout(timeoutMs);
  const limit = new AbortController();
  const linked = link(signal, limit.signal);
  let stopTimer = () => {};
  if (timeoutMs !== undefined) {
    stopTimer = clock.setTimer(() => limit.abort(timedOut(timeoutMs)), timeoutMs, { background });
  }
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

/** Subscribers by signal. */
const subscribers = new WeakMap<AbortSignal, Subscribers>();

/**
 * Calls `listener` once when `signal` aborts, or immediately if it already has. Returns a function that
 * unsubscribes.
 *
 * Registers one event listener per signal, however many subscribers there are. An EventTarget searches all
 * its listeners on each change, which is slow for thousands of subscribers, such as the calls of one client.
 */
export function onAbort(signal: AbortSignal | undefined, listener: AbortListener): () => void {
  if (!signal) return () => {};
  if (signal.aborted) {
    listener(signal.reason);
    return () => {};
  }
  const { listeners, unsubscribe } = subscribers.get(signal) ?? subscribe(signal);
  // A function that is subscribed twice is called twice.
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
 * Leaves neither a timer nor a listener behind.
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

/** Settles like `promise`, or rejects with `signal.reason` if `signal` aborts first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, reject);
    promise.then(resolve, reject).finally(stopListening);
  });
}

/** Resolves to true when the promise settles, or to false after `timeoutMs`. */
export function atMost(
  timeoutMs: number,
  promise: Promise<unknown>,
  clock: Clock,
  options?: TimerOptions,
): Promise<boolean> {
  return new Promise((resolve) => {
    const stopTimer = clock.setTimer(() => resolve(false), timeoutMs, options);
    const settled = () => {
      stopTimer();
      resolve(true);
    };
    promise.then(settled, settled);
  });
}
