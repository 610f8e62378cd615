import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export type TerminationSignal = (typeof SIGNALS)[number];

/** The part of `process` that tells of signals. */
export interface SignalSource {
  on<Signal extends TerminationSignal | 'SIGHUP'>(
    signal: Signal,
    listener: (signal: Signal) => void,
  ): unknown;
  off<Signal extends TerminationSignal | 'SIGHUP'>(
    signal: Signal,
    listener: (signal: Signal) => void,
  ): unknown;
}

/**
 * Calls `listener` at every SIGINT and SIGTERM, in place of what they usually do, until the function returned is
 * called.
 */
export function onTermination(
  source: SignalSource,
  listener: (signal: TerminationSignal) => void,
): () => void {
  for (const signal of SIGNALS) source.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) source.off(signal, listener);
  };
}

/** The exit code of a process that a signal ended, as shells have it. */
export function signalExitCode(signal: TerminationSignal): number {
  return 128 + constants.signals[signal];
}
