import { type Clock, systemClock, timeLeftMs } from '../../core/clock.js';
import { link, within } from '../../core/signals.js';
import { Code, kitError, type StatusError } from '../../core/status.js';
import type { Connection } from '../calls/connection.js';
import { Pacer, Semaphore } from './admission.js';

/** Upper bounds on long polls. */
export interface WaitLimits {
  readonly maxConnections: number;
  readonly streamsPerConnection: number;
}

/** Dependencies of {@link WaitConnections}. */
export interface WaitConnectionsOptions extends WaitLimits {
  readonly connect: () => Connection;
  /** Closes a connection that is idle or dead. */
  readonly disconnect: (connection: Connection, reason: unknown) => void;
  readonly clock: Clock;
}

/** A slot for one long poll. */
export interface LongPoll {
  readonly connection: Connection;
  /** Longest duration of the long poll. */
  readonly mostMs: number;
  readonly signal: AbortSignal;
}

interface Opened {
  readonly connection: Connection;
  /** Number of long polls. */
  longPolls: number;
  polls: number;
  answeredAt: number;
  stopIdleTimer: () => void;
}

const IDLE_MS = 30_000;

/** Time for the answer to a long poll to arrive. */
const GRACE_MS = 5000;

/** Delay of an answer up to which the server is known to have held the long poll from its start. */
const PUNCTUAL_MS = 1000;

/** Duration of a long poll that is one more than any connection has been seen to carry. */
const UNPROVEN_MS = 5000;

/** Time until a limit that was found is forgotten: the server may be another by then. */
const RELEARN_MS = 60_000;

/** Short calls at once. More would hold up other calls of the process. */
const POLLS_AT_ONCE = 64;

/**
 * Connections for waits only: no other call stands behind them. They are opened as needed, up to a bound, and closed
 * when idle. Each carries a limited number of long polls; polls are short and go over the connection with the fewest.
 *
 * A server may allow fewer streams than that. grpc-js does not report its limit, and holds back what exceeds it. Such
 * a long poll gets no answer while others do: then each connection is given fewer, for a minute. If none on the
 * connection gets an answer, it is dead and is replaced.
 */
export class WaitConnections {
  readonly #options: WaitConnectionsOptions;
  readonly #opened: Opened[] = [];
  readonly #closing = new AbortController();
  readonly #slots = new Semaphore(() => this.#options.maxConnections * this.#perConnection);
  readonly #polls = new Semaphore(() => POLLS_AT_ONCE);
  readonly #pacer = new Pacer();
  #limit = Number.POSITIVE_INFINITY;
  #relearnAt = 0;
  /** Number of long polls that a connection was seen to carry. */
  #proven = 1;

  constructor(options: WaitConnectionsOptions) {
    this.#options = options;
  }

  /**
   * Makes a long poll of at most `waitMs` if there is a slot; else resolves to undefined.
   *
   * @throws StatusError DEADLINE_EXCEEDED if no answer comes; `signal.reason` on abort; what `call` throws.
   */
  async tryLongPoll<Answer>(
    signal: AbortSignal,
    waitMs: number,
    call: (poll: LongPoll) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    this.#closing.signal.throwIfAborted();
    if (!this.#slots.tryAcquire()) return undefined;
    return this.#onSlot((opened) => this.#watch(opened, { signal, waitMs }, call));
  }

  /**
   * Makes a call of any duration when there is a slot.
   *
   * @param call - receives the time that is left until the deadline, if there is one.
   * @throws StatusError DEADLINE_EXCEEDED if none is free in time; `signal.reason` on abort; what `call` throws.
   */
  async longPoll<Answer>(
    { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal | undefined },
    call: (connection: Connection, leftMs: number | undefined) => Promise<Answer>,
  ): Promise<Answer> {
    this.#closing.signal.throwIfAborted();
    // Deadlines of calls go by the machine's clock, as in grpc-js.
    const patience = { timeoutMs: timeLeftMs(deadline), signal };
    await within(patience, noSlot, systemClock, (limited) => this.#slots.acquire(limited));
    return this.#onSlot(({ connection }) => call(connection, timeLeftMs(deadline)));
  }

  /** Makes a short call. @throws `signal.reason` on abort; what `call` throws. */
  async poll<Answer>(
    signal: AbortSignal,
    call: (connection: Connection) => Promise<Answer>,
  ): Promise<Answer> {
    this.#closing.signal.throwIfAborted();
    await this.#polls.acquire(signal);
    try {
      await this.#pacer.pass();
      const opened = this.#leastPolled();
      opened.polls++;
      try {
        return await call(opened.connection);
      } finally {
        opened.polls--;
        this.#closeIfIdle(opened);
      }
    } finally {
      this.#polls.release();
    }
  }

  /** Ends every call and every connection. */
  close(reason: unknown): void {
    this.#closing.abort(reason);
    this.#slots.rejectAll(reason);
    this.#polls.rejectAll(reason);
    for (const opened of this.#opened.splice(0)) {
      opened.stopIdleTimer();
      this.#options.disconnect(opened.connection, reason);
    }
  }

  async #onSlot<Answer>(call: (opened: Opened) => Promise<Answer>): Promise<Answer> {
    try {
      await this.#pacer.pass();
      const opened = this.#fullestWithRoom();
      opened.longPolls++;
      try {
        return await call(opened);
      } finally {
        opened.longPolls--;
        this.#closeIfIdle(opened);
      }
    } finally {
      this.#slots.release();
    }
  }

  async #watch<Answer>(
    opened: Opened,
    { signal, waitMs }: { readonly signal: AbortSignal; readonly waitMs: number },
    call: (poll: LongPoll) => Promise<Answer>,
  ): Promise<Answer> {
    const { clock } = this.#options;
    const position = opened.longPolls;
    const startedAt = clock.now();
    const mostMs = position <= this.#proven ? waitMs : Math.min(waitMs, UNPROVEN_MS);
    const limit = new AbortController();
    const late = () => limit.abort(this.#noAnswer(opened, { position, startedAt }));
    const stopTimer = clock.setTimer(late, mostMs + GRACE_MS, { background: true });
    const linked = link(signal, limit.signal);
    try {
      const answer = await call({ connection: opened.connection, mostMs, signal: linked.signal });
      opened.answeredAt = clock.now();
      const tookMs = opened.answeredAt - startedAt;
      // Held from the start, together with those before it, and not kept back until one of them had ended.
      if (tookMs >= mostMs && tookMs < mostMs + PUNCTUAL_MS) this.#proven = Math.max(this.#proven, position);
      return answer;
    } finally {
      stopTimer();
      linked[Symbol.dispose]();
    }
  }

  #noAnswer(
    opened: Opened,
    { position, startedAt }: { readonly position: number; readonly startedAt: number },
  ): StatusError {
    const now = this.#options.clock.now();
    if (opened.answeredAt >= startedAt) {
      // Some streams are left to polls.
      this.#limit = Math.min(this.#perConnection, Math.max(1, Math.floor((position - 1) * 0.8)));
      this.#proven = 1;
      this.#relearnAt = now + RELEARN_MS;
    } else if (this.#opened.includes(opened)) {
      this.#forget(opened);
      this.#options.disconnect(opened.connection, unanswered());
    }
    return unanswered();
  }

  get #perConnection(): number {
    const { streamsPerConnection, clock } = this.#options;
    return clock.now() < this.#relearnAt ? Math.min(this.#limit, streamsPerConnection) : streamsPerConnection;
  }

  /** Fills few connections, so that the others fall idle. */
  #fullestWithRoom(): Opened {
    let found: Opened | undefined;
    for (const opened of this.#opened) {
      if (opened.longPolls >= this.#perConnection) continue;
      if (!found || opened.longPolls > found.longPolls) found = opened;
    }
    return this.#use(found ?? (this.#isFull ? this.#leastPolled() : this.#open()));
  }

  #leastPolled(): Opened {
    let found: Opened | undefined;
    for (const opened of this.#opened) {
      if (!found || opened.polls < found.polls) found = opened;
    }
    return this.#use(found ?? this.#open());
  }

  get #isFull(): boolean {
    return this.#opened.length >= this.#options.maxConnections;
  }

  #open(): Opened {
    // The client may have been closed since the slot was acquired.
    this.#closing.signal.throwIfAborted();
    const connection = this.#options.connect();
    const opened: Opened = {
      connection,
      longPolls: 0,
      polls: 0,
      answeredAt: Number.NEGATIVE_INFINITY,
      stopIdleTimer: () => {},
    };
    this.#opened.push(opened);
    return opened;
  }

  #use(opened: Opened): Opened {
    opened.stopIdleTimer();
    return opened;
  }

  #closeIfIdle(opened: Opened): void {
    if (opened.longPolls + opened.polls > 0 || !this.#opened.includes(opened)) return;
    opened.stopIdleTimer();
    const close = () => {
      this.#forget(opened);
      const message = 'connection was idle and is closed: ask again';
      this.#options.disconnect(opened.connection, kitError(Code.UNAVAILABLE, 'CONNECTION_IDLE', message));
    };
    opened.stopIdleTimer = this.#options.clock.setTimer(close, IDLE_MS, { background: true });
  }

  #forget(opened: Opened): void {
    opened.stopIdleTimer();
    const index = this.#opened.indexOf(opened);
    if (index >= 0) this.#opened.splice(index, 1);
  }
}

function unanswered(): StatusError {
  const message = 'connection gave no answer to a long poll: ask again';
  return kitError(Code.UNAVAILABLE, 'CONNECTION_SILENT', message);
}

function noSlot(timeoutMs: number): StatusError {
  const message = `no slot to wait in was free within ${Math.round(timeoutMs)} ms: allow more connections by maxWaitConnections`;
  return kitError(Code.DEADLINE_EXCEEDED, 'WAIT_TURN_TIMED_OUT', message);
}
