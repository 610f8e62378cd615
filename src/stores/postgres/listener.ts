import { randomUUID } from 'node:crypto';
import { Backoff } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import { abortable, onAbort, sleep, within } from '../../core/signals.js';
import type { PostgresClient } from './connection.js';
import { type Notice, parseNotice } from './notice.js';
import { RECONNECT_BACKOFF } from './repeat.js';

/** Interval of probes on the listening connection. */
const PROBE_INTERVAL_MS = 10_000;
/** Time limit for the response to a probe, and for an echo. */
const PROBE_TIMEOUT_MS = 5000;

/** Dependencies of a listener. */
export interface ListenerOptions {
  readonly connect: () => Promise<PostgresClient>;
  readonly channel: string;
  /** Sends an echo to all servers, including this one, on another connection. */
  readonly sendEcho: (subject: string) => Promise<void>;
  readonly onNotice: (notice: Notice) => void;
  /** Called after each subscription: notices sent earlier were missed. */
  readonly onGap: () => void;
  /** Called once it is known whether notices arrive, and whenever that changes. */
  readonly onDelivery: (receives: boolean) => void;
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
  /** @defaultValue 10,000 */
  readonly probeIntervalMs?: number;
  /** @defaultValue 5000 */
  readonly probeTimeoutMs?: number;
}

/**
 * Receives notices of other servers on its own connection, and reconnects when that breaks.
 *
 * A connection pooler may accept LISTEN and deliver nothing, as PgBouncer does in transaction mode. So after each
 * subscription the listener sends itself an echo. If that does not arrive, it sends another at each probe.
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #closed = new AbortController();
  readonly #ended: Promise<void>;
  /** Echoes that have not arrived yet. */
  readonly #echoes = new Map<string, () => void>();
  #receives: boolean | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    const backoff = new Backoff(RECONNECT_BACKOFF);
    while (!signal.aborted) {
      try {
        const client = await this.#options.connect();
        try {
          await this.#listen(client, () => backoff.reset());
        } finally {
          // Closed instead of returned to the pool: it listens, and may be broken.
          client.release(true);
        }
      } catch (error) {
        if (!signal.aborted) this.#options.onError(error);
      }
      await sleep(backoff.next(), signal, this.#options.clock).catch(() => {});
    }
  }

  /** Listens until the connection breaks or the listener is closed, then rejects. */
  async #listen(client: PostgresClient, subscribed: () => void): Promise<never> {
    const { channel, onGap, clock, probeIntervalMs = PROBE_INTERVAL_MS } = this.#options;
    const broken = new AbortController();
    const { signal } = broken;
    const stopListening = onAbort(this.#closed.signal, (reason) => broken.abort(reason));
    client.on('error', (error) => broken.abort(error));
    client.on('end', () => broken.abort(new Error('the listening connection ended')));
    client.on('notification', ({ payload }) => this.#receive(payload));
    try {
      await abortable(client.query(`LISTEN "${channel}"`), signal);
      subscribed();
      onGap();
      let receives = await this.#echo(signal);
      for (;;) {
        await sleep(probeIntervalMs, signal, clock);
        // Detects a connection that hangs, which otherwise looks idle.
        await this.#inTime(signal, (signal) => abortable(client.query('SELECT 1'), signal));
        if (!receives) receives = await this.#echo(signal);
      }
    } finally {
      stopListening();
    }
  }

  #receive(payload: string | undefined): void {
    const notice = payload === undefined ? undefined : parseNotice(payload);
    if (notice?.kind === 'echo') this.#echoes.get(notice.subject)?.();
    else if (notice) this.#options.onNotice(notice);
  }

  /** Sends an echo. Resolves to true if it arrives in time. */
  async #echo(signal: AbortSignal): Promise<boolean> {
    const { sendEcho } = this.#options;
    const subject = randomUUID();
    const arrived = new Promise<void>((resolve) => this.#echoes.set(subject, resolve));
    try {
      await abortable(sendEcho(subject), signal);
    } catch (error) {
      signal.throwIfAborted();
      // It was not sent, so nothing is known about receiving.
      this.#options.onError(error);
      this.#echoes.delete(subject);
      return false;
    }
    const receives = await this.#inTime(signal, (signal) => abortable(arrived, signal)).then(
      () => true,
      () => false,
    );
    this.#echoes.delete(subject);
    signal.throwIfAborted();
    if (receives !== this.#receives) {
      this.#receives = receives;
      this.#options.onDelivery(receives);
    }
    return receives;
  }

  #inTime<Result>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { clock, probeTimeoutMs = PROBE_TIMEOUT_MS } = this.#options;
    return within({ timeoutMs: probeTimeoutMs, signal }, silent, clock, work);
  }
}

function silent(timeoutMs: number): Error {
  return new Error(`the listening connection did not answer within ${timeoutMs} ms`);
}
