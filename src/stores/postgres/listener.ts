import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import { abortable, onAbort, sleep, within } from '../../core/signals.js';
import type { PostgresClient } from './connection.js';
import { type Notice, parseNotice } from './notice.js';
import { Pause } from './pause.js';

/** How often a connection that says nothing is asked whether it is still there. */
const PROBE_INTERVAL_MS = 10_000;
/** How long an answer, or a notice to oneself, may take to arrive. */
const PROBE_TIMEOUT_MS = 5000;

/** Dependencies of a listener. */
export interface ListenerOptions {
  readonly connect: () => Promise<PostgresClient>;
  readonly channel: string;
  /** Sends an echo to all servers, this one included, on another connection. */
  readonly sendEcho: (subject: string) => Promise<void>;
  readonly onNotice: (notice: Notice) => void;
  /** Called after each subscription: what was sent before it was not received. */
  readonly onGap: () => void;
  /** Called when it turns out that notices arrive, or do not, and whenever that changes. */
  readonly onHearing: (hears: boolean) => void;
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
  /** @defaultValue 10,000 */
  readonly probeIntervalMs?: number;
  /** @defaultValue 5000 */
  readonly probeTimeoutMs?: number;
}

/**
 * Receives what the other servers send, on a connection of its own; on a new one when that breaks.
 *
 * A pooler of connections may accept LISTEN and deliver nothing, as PgBouncer does in transaction mode. So after each
 * subscription the listener sends itself a notice; if it does not arrive, another one follows at each probe.
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #closed = new AbortController();
  readonly #ended: Promise<void>;
  /** Echoes that have not arrived yet. */
  readonly #echoes = new Map<string, () => void>();
  #hears: boolean | undefined;

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
    const pause = new Pause(this.#options.clock);
    while (!signal.aborted) {
      try {
        const client = await this.#options.connect();
        try {
          await this.#listen(client, () => pause.reset());
        } finally {
          // Not given back to the pool: it listens, and may be broken.
          client.release(true);
        }
      } catch (error) {
        if (!signal.aborted) this.#options.onError(error);
      }
      await pause.wait(signal);
    }
  }

  /** Listens until the connection breaks, or this is closed: then it rejects. */
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
      let hears = await this.#echo(signal);
      for (;;) {
        await sleep(probeIntervalMs, signal, clock);
        // A connection that hangs would look like one where nothing happens.
        await this.#inTime(signal, (signal) => abortable(client.query('SELECT 1'), signal));
        if (!hears) hears = await this.#echo(signal);
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
      // It was not sent, which tells nothing of what is received.
      this.#options.onError(error);
      this.#echoes.delete(subject);
      return false;
    }
    const hears = await this.#inTime(signal, (signal) => abortable(arrived, signal)).then(
      () => true,
      () => false,
    );
    this.#echoes.delete(subject);
    signal.throwIfAborted();
    if (hears !== this.#hears) {
      this.#hears = hears;
      this.#options.onHearing(hears);
    }
    return hears;
  }

  #inTime<Result>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { clock, probeTimeoutMs = PROBE_TIMEOUT_MS } = this.#options;
    return within({ timeoutMs: probeTimeoutMs, signal }, silent, clock, work);
  }
}

function silent(timeoutMs: number): Error {
  return new Error(`the listening connection did not answer within ${timeoutMs} ms`);
}
