import type { Clock } from '../../clock.js';
import { link } from '../../signals.js';

/** What a probe works with. */
export interface ProbeOptions {
  /** Resolves once the connection in question is there. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** A quick question over the connection in question; resolves whatever the server answers. */
  readonly ask: (signal: AbortSignal) => Promise<unknown>;
  /** The same over another connection, with few calls on it. */
  readonly askElsewhere: (signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
}

/** Whether all calls on a connection got through to the server, or some are kept back behind its limit. */
export type ProbeVerdict = 'through' | 'kept back' | 'unknown';

const PATIENCE_MS = 150;

/** More than one: a process that was busy may come to read the later answer first. */
const ROUNDS = 3;

/**
 * Finds out whether a connection has more calls on it than the server takes at once (its
 * MAX_CONCURRENT_STREAMS), which grpc-js knows but does not tell: what is too much is kept back in silence. So is
 * a question asked now, then. That the server is merely slow shows in the same question over another connection:
 * asked later, and more than once, it must not be
 * answered sooner.
 */
export async function probeStreams(
  { ready, ask, askElsewhere, clock }: ProbeOptions,
  signal: AbortSignal,
): Promise<ProbeVerdict> {
  const over = new AbortController();
  const linked = link(signal, over.signal);
  const keptBack = async (): Promise<ProbeVerdict> => {
    for (let round = 0; round < ROUNDS; round++) {
      await pause(PATIENCE_MS, clock, linked.signal);
      await askElsewhere(linked.signal);
    }
    return 'kept back';
  };
  try {
    await ready(linked.signal);
    const through = ask(linked.signal).then((): ProbeVerdict => 'through');
    return await Promise.race([through, keptBack()]);
  } catch {
    return 'unknown';
  } finally {
    over.abort();
    linked[Symbol.dispose]();
  }
}

/** Housekeeping: unlike `sleep`, it keeps no process from ending. */
export function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stopTimer = clock.setTimer(
      () => {
        signal.removeEventListener('abort', onEvent);
        resolve();
      },
      ms,
      { background: true },
    );
    const onEvent = () => {
      stopTimer();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onEvent, { once: true });
  });
}
