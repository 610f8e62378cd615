import { systemClock } from '../../clock.js';
import { abortable, onAbort, sleep, within } from '../../signals.js';
import type { PostgresClient } from './connection.js';
import { type Notice, parseNotice } from './notice.js';
import { Pause } from './pause.js';

/** How often a connection that says nothing is asked whether it is still there, and how long it may take to say so. */
const PROBE_INTERVAL_MS = 10_000;
const PROBE_TIMEOUT_MS = 5000;

/** What a listener listens to, and whom it tells. */
export interface ListenerOptions {
  readonly connect: () => Promise<PostgresClient>;
  readonly channel: string;
  readonly onNotice: (notice: Notice) => void;
  /** Called after each subscription: what was said before it was not heard. */
  readonly onGap: () => void;
  readonly onError: (error: unknown) => void;
}

/** Hears what the other servers say, on a connection of its own; on a new one when that breaks. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #closed = new AbortController();
  readonly #ended: Promise<void>;

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
    const pause = new Pause();
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
    const broken = new AbortController();
    const { signal } = broken;
    const stopListening = onAbort(this.#closed.signal, (reason) => broken.abort(reason));
    client.on('error', (error) => broken.abort(error));
    client.on('end', () => broken.abort(new Error('the listening connection ended')));
    client.on('notification', ({ payload }) => {
      const notice = payload === undefined ? undefined : parseNotice(payload);
      if (notice) this.#options.onNotice(notice);
    });
    try {
      await abortable(client.query(`LISTEN "${this.#options.channel}"`), signal);
      subscribed();
      this.#options.onGap();
      for (;;) {
        await sleep(PROBE_INTERVAL_MS, signal);
        // A connection that hangs would look like one where nothing happens.
        await within({ timeoutMs: PROBE_TIMEOUT_MS, signal }, silent, systemClock, (signal) =>
          abortable(client.query('SELECT 1'), signal),
        );
      }
    } finally {
      stopListening();
    }
  }
}

function silent(timeoutMs: number): Error {
  return new Error(`the listening connection did not answer within ${timeoutMs} ms`);
}
