import { type Clock, systemClock } from '../../clock.js';
import { onAbort, sleep, within } from '../../signals.js';
import { Code, kitError, StatusError } from '../../status.js';
import { type Connection, isTurnedAway } from '../calls/connection.js';
import { Line } from './line.js';
import { type ProbeVerdict, pause, probeStreams } from './stream-probe.js';
import { turnMs, WaitSlots } from './wait-slots.js';

/** What {@link WaitConnections} works with. */
export interface WaitConnectionsOptions {
  readonly maxConnections: number;
  readonly connect: () => Connection;
  /** A quick question about an operation over that connection, or over the one for other calls. */
  readonly ask: (name: string, over: Connection | undefined, signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
}

/** How a long-poll is to be made. */
export interface WaitTurn {
  readonly connection: Connection;
  /** How long it may take at most. */
  readonly turnMs: number;
  readonly signal: AbortSignal;
}

/** Who wants to wait, and how long for a turn at most. */
export interface WaitRequest {
  readonly name: string;
  /** Milliseconds since 1970, or Infinity. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

interface Opened {
  readonly connection: Connection;
  /** The long-polls on it, oldest first; an abort moves one to another connection. */
  readonly polls: Set<AbortController>;
  stopIdleTimer: () => void;
}

/**
 * HTTP/2 recommends no smaller limit than 100 streams. Some below it, because a server may still count a stream
 * that has just been given up.
 */
const STREAMS_PER_CONNECTION = 80;

const IDLE_MS = 30_000;

const ADMITTED_AT_ONCE = 16;

/** Lets a burst arrive before it is found out whether it got through. */
const SETTLING_MS = 100;

/** How often a long-poll that HTTP/2 turned away is made again. */
const MAX_ATTEMPTS = 10;

const AGAIN_MS = 10;

const MOVED = Symbol('moved to another connection');

/**
 * The connections that long-polls go over, and nothing else, so that no other call stands behind them: as few as
 * will do, at most so many; beyond that long-polls take turns.
 */
export class WaitConnections {
  readonly #options: WaitConnectionsOptions;
  readonly #slots: WaitSlots;
  readonly #opened = new Map<number, Opened>();
  readonly #line = new Line<number>();
  readonly #closing = new AbortController();
  /** As many long-polls as a connection was seen to carry at once. */
  #proven = 1;
  #learning = false;
  #admitting = false;

  constructor(options: WaitConnectionsOptions) {
    const { maxConnections } = options;
    this.#options = options;
    this.#slots = new WaitSlots({ maxConnections, streamsPerConnection: STREAMS_PER_CONNECTION });
  }

  /**
   * Makes a long-poll when its turn has come.
   *
   * @throws StatusError DEADLINE_EXCEEDED when that takes longer than the caller has; `signal.reason` on abort;
   * what `poll` throws.
   */
  async run<Answer>(request: WaitRequest, poll: (turn: WaitTurn) => Promise<Answer>): Promise<Answer> {
    for (let turnedAway = 0; ; ) {
      const index = await this.#place(request);
      const opened = this.#open(index);
      const giveUp = new AbortController();
      const stopListening = request.signal
        ? onAbort(request.signal, (reason) => giveUp.abort(reason))
        : () => {};
      opened.polls.add(giveUp);
      this.#learn(request.name);
      try {
        return await poll({
          connection: opened.connection,
          turnMs: turnMs({ ...this.load, capacity: this.#slots.capacity }),
          signal: giveUp.signal,
        });
      } catch (thrown) {
        if (thrown !== MOVED) {
          if (!(thrown instanceof StatusError && isTurnedAway(thrown))) throw thrown;
          if (++turnedAway === MAX_ATTEMPTS) throw thrown;
        }
      } finally {
        stopListening();
        opened.polls.delete(giveUp);
        this.#leave(index, opened);
      }
      // The streams that were in the way are closed in a moment.
      if (turnedAway > 0) await sleep(turnedAway * AGAIN_MS, request.signal);
    }
  }

  /** How many long-polls there are, how many wait for their turn, and over how many connections they go. */
  get load(): { readonly inUse: number; readonly inLine: number; readonly connections: number } {
    const { inUse } = this.#slots;
    return { inUse, inLine: this.#line.length, connections: this.#opened.size };
  }

  /** Ends every long-poll, and every connection. */
  close(reason: unknown): void {
    this.#closing.abort(reason);
    this.#line.dismiss(reason);
    for (const { connection, stopIdleTimer } of this.#opened.values()) {
      stopIdleTimer();
      connection.close(reason);
    }
    this.#opened.clear();
  }

  async #place({ deadline, signal }: WaitRequest): Promise<number> {
    this.#closing.signal.throwIfAborted();
    signal?.throwIfAborted();
    const timeoutMs = Number.isFinite(deadline) ? Math.max(0, deadline - Date.now()) : undefined;
    // Deadlines of calls go by the machine's clock, as grpc-js has it.
    return within({ timeoutMs, signal }, turnDidNotCome, systemClock, (limited) => {
      const turn = this.#line.join(limited);
      this.#admit();
      return turn;
    });
  }

  /** Lets in who has a place, a few at a time: ten thousand at once would keep every other call waiting. */
  #admit(): void {
    if (this.#admitting || this.#line.length === 0) return;
    for (let count = 0; count < ADMITTED_AT_ONCE && this.#line.length > 0; count++) {
      const index = this.#slots.take();
      if (index === undefined) return;
      this.#line.next(index);
    }
    this.#admitting = true;
    setImmediate(() => {
      this.#admitting = false;
      this.#admit();
    });
  }

  #open(index: number): Opened {
    // It may have been closed since the line moved on.
    this.#closing.signal.throwIfAborted();
    const opened = this.#opened.get(index) ?? {
      connection: this.#options.connect(),
      polls: new Set(),
      stopIdleTimer: () => {},
    };
    opened.stopIdleTimer();
    this.#opened.set(index, opened);
    return opened;
  }

  #leave(index: number, opened: Opened): void {
    this.#slots.release(index);
    if (this.#closing.signal.aborted) return;
    this.#admit();
    if (this.#slots.load(index) > 0) return;
    const close = () => {
      this.#opened.delete(index);
      opened.connection.close(idle());
    };
    opened.stopIdleTimer = this.#options.clock.setTimer(close, IDLE_MS, { background: true });
  }

  /** Finds out, in the background, whether connections carry as much as they are given, and gives them less if not. */
  async #learn(name: string): Promise<void> {
    if (this.#learning || this.#busiest() === undefined) return;
    this.#learning = true;
    const { clock } = this.#options;
    const { signal } = this.#closing;
    try {
      await pause(SETTLING_MS, clock, signal);
      for (let index = this.#busiest(); index !== undefined; index = this.#busiest()) {
        if ((await this.#probe(index, name)) === 'unknown') return;
        await pause(SETTLING_MS, clock, signal);
      }
    } catch {
      // Closed.
    } finally {
      this.#learning = false;
    }
  }

  /** A connection with more long-polls than any was seen to carry. */
  #busiest(): number | undefined {
    let busiest: number | undefined;
    let most = this.#proven;
    for (const index of this.#opened.keys()) {
      const load = this.#slots.load(index);
      if (load > most) {
        busiest = index;
        most = load;
      }
    }
    return busiest;
  }

  async #probe(index: number, name: string): Promise<ProbeVerdict> {
    const opened = this.#opened.get(index);
    if (!opened) return 'unknown';
    const { ask, clock } = this.#options;
    const { connection } = opened;
    const before = this.#slots.load(index);
    const verdict = await probeStreams(
      {
        ready: (signal) => connection.ready(signal),
        ask: (signal) => ask(name, connection, signal),
        askElsewhere: (signal) => ask(name, undefined, signal),
        clock,
      },
      this.#closing.signal,
    );
    // What ended meanwhile may be what let the question through.
    const carried = Math.min(before, this.#slots.load(index));
    switch (verdict) {
      case 'through':
        this.#proven = Math.max(this.#proven, carried);
        break;
      case 'kept back':
        this.#slots.shrink(Math.max(this.#proven, Math.floor(before / 2)));
        this.#moveSurplus();
        break;
      case 'unknown':
        break;
    }
    return verdict;
  }

  /** The newest are those that were kept back. */
  #moveSurplus(): void {
    for (const { polls } of this.#opened.values()) {
      for (const poll of [...polls].slice(this.#slots.perConnection)) poll.abort(MOVED);
    }
  }
}

function turnDidNotCome(timeoutMs: number): StatusError {
  const message = `no turn to wait came within ${Math.round(timeoutMs)} ms: allow more connections by maxWaitConnections`;
  return kitError(Code.DEADLINE_EXCEEDED, 'WAIT_TURN_TIMED_OUT', message);
}

function idle(): StatusError {
  return kitError(Code.UNAVAILABLE, 'CONNECTION_IDLE', 'connection was idle and is closed: ask again');
}
