import type { Clock } from '../../clock.js';
import { link, sleep } from '../../signals.js';

/** A connection to be probed. */
export interface ProbedConnection {
  /** Resolves once the connection is there. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** A quick question over it; resolves whatever the server answers. */
  readonly ask: (signal: AbortSignal) => Promise<unknown>;
  /** The same over another connection, with few calls on it. */
  readonly askElsewhere: (signal: AbortSignal) => Promise<unknown>;
}

/** Whether calls on a connection get through to the server, or stay without an answer while others are answered. */
export type ProbeVerdict = 'through' | 'silent' | 'unknown';

const PATIENCE_MS = 150;

/** More than one: a process that was busy may come to read the later answer first. */
const ROUNDS = 3;

/**
 * Finds out whether a connection has more calls on it than the server takes at once (its
 * MAX_CONCURRENT_STREAMS), which grpc-js knows but does not tell: what is too much is kept back in silence. So is
 * a question asked now, then. That the server is merely slow shows in the same question over another connection:
 * asked later, and more than once, it must not be answered sooner.
 *
 * @throws `signal.reason` on abort.
 */
export async function probeStreams(
  { ready, ask, askElsewhere }: ProbedConnection,
  clock: Clock,
  signal: AbortSignal,
): Promise<ProbeVerdict> {
  const over = new AbortController();
  const linked = link(signal, over.signal);
  const silent = async (): Promise<ProbeVerdict> => {
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(PATIENCE_MS, linked.signal, clock, { background: true });
      await askElsewhere(linked.signal);
    }
    return 'silent';
  };
  try {
    await ready(linked.signal);
    const through = ask(linked.signal).then((): ProbeVerdict => 'through');
    return await Promise.race([through, silent()]);
  } catch {
    signal.throwIfAborted();
    // Whatever it was, an interceptor of the caller's that throws among them: nothing was learnt.
    return 'unknown';
  } finally {
    over.abort();
    linked[Symbol.dispose]();
  }
}
