import { type Clock, systemClock, timeLeftMs } from '../../core/clock.js';
import { within } from '../../core/signals.js';
import { Code, kitError, type StatusError } from '../../core/status.js';
import type { Connection } from '../calls/connection.js';
import { Semaphore } from './semaphore.js';

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

/** Upper bound on calls that start in one turn of the event loop. More would delay other work. */
const STARTS_PER_TURN = 16;

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
  readonly #closing = new AbortController();
  readonly #slots = new Semaphore(
    () => this.#options.maxConnections * this.#perConnection,
    this.#closing.signal,
  );
  readonly #polls = new Semaphore(() => POLLS_AT_ONCE, this.#closing.signal);
  readonly #starts = new Semaphore(() => STARTS_PER_TURN, this.#closing.signal);
  #opened: readonly Opened[] = [];
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
    if (!this.#slots.tryAcquire()) return undefined;
    return this.#onSlot((opened) => this.#watch(opened, waitMs, signal, call));
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
    await this.#polls.acquire(signal);
    try {
      return await this.#call('polls', ({ connection }) => call(connection));
    } finally {
      this.#polls.release();
    }
  }

  /** Closes every connection. All calls reject with `reason`. */
  close(reason: unknown): void {
    this.#closing.abort(reason);
    for (const opened of this.#opened) this.#close(opened, reason);
  }

  /** Makes a long poll by a caller that holds a slot. */
  async #onSlot<Answer>(call: (opened: Opened) => Promise<Answer>): Promise<Answer> {
    try {
      return await this.#call('longPolls', call);
    } finally {
      this.#slots.release();
    }
  }

  async #call<Answer>(
    kind: 'polls' | 'longPolls',
    call: (opened: Opened) => Promise<Answer>,
  ): Promise<Answer> {
    await this.#starts.acquire();
    setImmediate(() => this.#starts.release());
    const opened = (kind === 'polls' ? this.#leastPolled() : this.#fullestWithRoom()) ?? this.#open();
    opened.stopIdleTimer();
    opened[kind]++;
    try {
      return await call(opened);
    } finally {
      opened[kind]--;
      this.#closeIfIdle(opened);
    }
  }

  async #watch<Answer>(
    opened: Opened,
    waitMs: number,
    signal: AbortSignal,
    call: (poll: LongPoll) => Promise<Answer>,
  ): Promise<Answer> {
    const { clock } = this.#options;
    const { connection, longPolls: position } = opened;
    const startedAt = clock.now();
    const maxMs = position <= this.#proven ? waitMs : Math.min(waitMs, UNPROVEN_MS);
    const late = () => this.#noAnswer(opened, position, startedAt);
    const limits = { timeoutMs: maxMs + GRACE_MS, signal, background: true };
    const answer = await within(limits, late, clock, (limited) =>
      call({ connection, maxMs, signal: limited }),
    );
    opened.answeredAt = clock.now();
    const lateMs = opened.answeredAt - startedAt - maxMs;
    // The server held this long poll together with all earlier ones, instead of delaying it until one ended.
    if (lateMs >= 0 && lateMs < PUNCTUAL_MS) this.#proven = Math.max(this.#proven, position);
    return answer;
  }

  #noAnswer(opened: Opened, position: number, startedAt: number): StatusError {
    const error = kitError(
      Code.UNAVAILABLE,
      'CONNECTION_SILENT',
      'connection gave no answer to a long poll: try again',
    );
    if (opened.answeredAt < startedAt) {
      this.#close(opened, error);
      return error;
    }
    // The margin leaves streams to short polls.
    this.#limit = Math.min(this.#perConnection, Math.max(1, Math.floor((position - 1) * 0.8)));
    this.#proven = 1;
    this.#relearnAt = this.#options.clock.now() + RELEARN_MS;
    return error;
  }

  get #perConnection(): number {
    const { streamsPerConnection, clock } = this.#options;
    return clock.now() < this.#relearnAt ? Math.min(this.#limit, streamsPerConnection) : streamsPerConnection;
  }

  /** Fills few connections, so that the others become idle. */
  #fullestWithRoom(): Opened | undefined {
    const withRoom = this.#opened.filter(({ longPolls }) => longPolls < this.#perConnection);
    const [fullest] = withRoom.toSorted((one, other) => other.longPolls - one.longPolls);
    if (fullest || this.#opened.length < this.#options.maxConnections) return fullest;
    return this.#leastPolled();
  }

  #leastPolled(): Opened | undefined {
    return this.#opened.toSorted((one, other) => one.polls - other.polls)[0];
  }

  #open(): Opened {
    // The client may have been closed since the slot was acquired.
    this.#closing.signal.throwIfAborted();
    const opened: Opened = {
      connection: this.#options.connect(),
      longPolls: 0,
      polls: 0,
      answeredAt: Number.NEGATIVE_INFINITY,
      stopIdleTimer: () => {},
    };
    this.#opened = [...this.#opened, opened];
    return opened;
  }

  #closeIfIdle(opened: Opened): void {
    if (opened.longPolls + opened.polls > 0 || !this.#opened.includes(opened)) return;
    const message = 'connection was idle and is closed: try again';
    const idle = () => this.#close(opened, kitError(Code.UNAVAILABLE, 'CONNECTION_IDLE', message));
    opened.stopIdleTimer = this.#options.clock.setTimer(idle, IDLE_MS, { background: true });
  }

  #close(opened: Opened, reason: unknown): void {
    if (!this.#opened.includes(opened)) return;
    opened.stopIdleTimer();
    this.#opened = this.#opened.filter((other) => other !== opened);
    this.#options.disconnect(opened.connection, reason);
  }
}

function noSlot(timeoutMs: number): StatusError {
  const message = `no slot for a long poll was free within ${Math.round(timeoutMs)} ms: increase maxWaitConnections`;
  return kitError(Code.DEADLINE_EXCEEDED, 'WAIT_TURN_TIMED_OUT', message);
}
