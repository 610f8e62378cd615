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
  /** Longest duration of the long poll, in milliseconds. */
  readonly maxMs: number;
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

/** Time without calls after which a connection is closed. */
const IDLE_MS = 30_000;

/** Time for the answer to a long poll to arrive after its end. */
const GRACE_MS = 5000;

/** Longest delay of an answer that proves that the server held the long poll from its start. */
const PUNCTUAL_MS = 1000;

/** Duration of a long poll beyond the number that a connection is known to carry. */
const UNPROVEN_MS = 5000;

/** Time until a detected limit is forgotten, because the server may have changed. */
const RELEARN_MS = 60_000;

/** Upper bound on concurrent short calls. More would delay other calls of the process. */
const POLLS_AT_ONCE = 64;

/**
 * Connections that only waits use, so that other calls never queue behind them. They are opened as needed, up to a
 * bound, and closed when idle. Each carries a limited number of long polls. Short polls use the connection with the
 * fewest polls.
 *
 * A server may allow fewer streams. grpc-js does not report its limit, and delays calls beyond it. If a long poll gets
 * no answer while others on its connection do, each connection carries fewer for a minute. If none gets an answer, the
 * connection is dead and is replaced.
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
  /** Number of long polls that a connection is known to carry. */
  #proven = 1;

  constructor(options: WaitConnectionsOptions) {
    this.#options = options;
  }

  /**
   * Makes a long poll of at most `waitMs` if a slot is free; else resolves to undefined.
   *
   * @throws StatusError UNAVAILABLE if no answer arrives; `signal.reason` on abort; errors of `call`.
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
   * Makes a call of any duration as soon as a slot is free.
   *
   * @param call - receives the time until the deadline, if there is one.
   * @throws StatusError DEADLINE_EXCEEDED if no slot is free in time; `signal.reason` on abort; errors of `call`.
   */
  async longPoll<Answer>(
    { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal | undefined },
    call: (connection: Connection, leftMs: number | undefined) => Promise<Answer>,
  ): Promise<Answer> {
    this.#closing.signal.throwIfAborted();
    // Deadlines of calls use the system clock, like grpc-js.
    const patience = { timeoutMs: timeLeftMs(deadline), signal };
    await within(patience, noSlot, systemClock, (limited) => this.#slots.acquire(limited));
    return this.#onSlot(({ connection }) => call(connection, timeLeftMs(deadline)));
  }

  /** Makes a short call. @throws `signal.reason` on abort; errors of `call`. */
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

  /** Closes every connection. All calls reject with `reason`. */
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
    const maxMs = position <= this.#proven ? waitMs : Math.min(waitMs, UNPROVEN_MS);
    const limit = new AbortController();
    const late = () => limit.abort(this.#noAnswer(opened, { position, startedAt }));
    const stopTimer = clock.setTimer(late, maxMs + GRACE_MS, { background: true });
    const linked = link(signal, limit.signal);
    try {
      const answer = await call({ connection: opened.connection, maxMs, signal: linked.signal });
      opened.answeredAt = clock.now();
      const tookMs = opened.answeredAt - startedAt;
      // The server held this long poll together with all earlier ones, instead of delaying it until one ended.
      if (tookMs >= maxMs && tookMs < maxMs + PUNCTUAL_MS) this.#proven = Math.max(this.#proven, position);
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
      // The margin leaves streams to short polls.
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

  /** Fills few connections, so that the others become idle. */
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
      const message = 'connection was idle and is closed: try again';
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
  const message = 'connection gave no answer to a long poll: try again';
  return kitError(Code.UNAVAILABLE, 'CONNECTION_SILENT', message);
}

function noSlot(timeoutMs: number): StatusError {
  const message = `no slot for a long poll was free within ${Math.round(timeoutMs)} ms: increase maxWaitConnections`;
  return kitError(Code.DEADLINE_EXCEEDED, 'WAIT_TURN_TIMED_OUT', message);
}
