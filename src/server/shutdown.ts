import { withDefaults } from '../core/options.js';
import { DEFAULT_GRACE_MS } from './operations-options.js';

/** Signals that stop a server. */
export type ShutdownSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGQUIT';

/** Settings of the shutdown of `serve`. */
export interface ShutdownOptions {
  /**
   * Time during which calls are still accepted while health already reports NOT_SERVING, in milliseconds, so that load
   * balancers notice. @defaultValue 0
   */
  readonly drainDelayMs?: number | undefined;
  /** Time for running work to end, in milliseconds. @defaultValue 3000 */
  readonly graceMs?: number | undefined;
  /**
   * Upper bound on the whole shutdown, in milliseconds, even if the store does not answer.
   *
   * @defaultValue 5 seconds more than `drainDelayMs` and `graceMs` together
   */
  readonly limitMs?: number | undefined;
  /** Signals that stop the server, or `off`. @defaultValue SIGTERM and SIGINT */
  readonly signals?: readonly ShutdownSignal[] | 'off' | undefined;
}

/** Settings of a shutdown. */
export interface Shutdown {
  readonly drainDelayMs: number;
  readonly graceMs: number;
  readonly limitMs: number;
  readonly signals: readonly ShutdownSignal[];
}

/** Time for everything besides work: recording interruptions, last calls, closing the store. */
const REST_MS = 5000;

const DEFAULTS = {
  drainDelayMs: 0,
  graceMs: DEFAULT_GRACE_MS,
  signals: ['SIGTERM', 'SIGINT'] as readonly ShutdownSignal[] | 'off',
};

/** @throws TypeError if a time is negative or no number. */
export function shutdownOf(options: ShutdownOptions): Shutdown {
  const { drainDelayMs, graceMs, limitMs, signals } = withDefaults(DEFAULTS, options);
  const settings = { drainDelayMs, graceMs, limitMs: limitMs ?? drainDelayMs + graceMs + REST_MS };
  for (const [option, value] of Object.entries(settings)) {
    if (!(Number.isFinite(value) && value >= 0))
      throw new TypeError(`shutdown.${option} must be 0 or more, got ${value}`);
  }
  return { ...settings, signals: signals === 'off' ? [] : signals };
}

/** Calls a listener with the first of some signals. Returns a function that stops listening. */
export function onSignals(
  signals: readonly ShutdownSignal[],
  listener: (signal: ShutdownSignal) => void,
): () => void {
  for (const signal of signals) process.once(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
