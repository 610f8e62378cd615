const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export type TerminationSignal = (typeof SIGNALS)[number];

/** The part of `process` that tells of signals. */
export interface SignalSource {
  on(signal: TerminationSignal, listener: (signal: TerminationSignal) => void): unknown;
  off(signal: TerminationSignal, listener: (signal: TerminationSignal) => void): unknown;
}

/**
 * Calls `listener` at the first SIGINT or SIGTERM, until disposed of. A second signal has its usual effect: it
 * ends the process at once.
 */
export function onTermination(
  source: SignalSource,
  listener: (signal: TerminationSignal) => void,
): Disposable {
  const stop = () => {
    for (const signal of SIGNALS) source.off(signal, onSignal);
  };
  const onSignal = (signal: TerminationSignal) => {
    stop();
    listener(signal);
  };
  for (const signal of SIGNALS) source.on(signal, onSignal);
  return { [Symbol.dispose]: stop };
}
