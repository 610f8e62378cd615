import type { Clock } from '../../clock.js';
import { sleep } from '../../signals.js';
import { Code, kitError, StatusError } from '../../status.js';
import { type Connection, isTurnedAway } from '../calls/connection.js';
import { StreamLimit } from './stream-limit.js';
import type { ProbedConnection } from './stream-probe.js';
import { DISPLACED, type Turn, type TurnRequest, Turns } from './turns.js';
import { isUnanswered } from './unanswered.js';
import { type WaitLimits, WaitSlots } from './wait-slots.js';

/** What {@link WaitConnections} works with. */
export interface WaitConnectionsOptions extends WaitLimits {
  readonly connect: () => Connection;
  /** Ends a connection that is not needed any more, or that has died. */
  readonly disconnect: (connection: Connection, reason: unknown) => void;
  /**
   * A quick question about an operation over that connection, or over one with few calls on it. Given, it is found
   * out whether connections carry as much as they are thought to.
   */
  readonly ask?: (name: string, over: Connection | undefined, signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
}

/** How a long-poll is to be made. */
export interface WaitTurn {
  readonly connection: Connection;
  /** How long it may take at most. */
  readonly turnMs: number;
  readonly signal: AbortSignal;
}

interface Opened {
  readonly connection: Connection;
  stopIdleTimer: () => void;
}

const IDLE_MS = 30_000;

/** How often a long-poll that HTTP/2 turned away is made again. */
const MAX_ATTEMPTS = 10;

const AGAIN_MS = 10;

/** Why a turn ended early that is to go on over another connection. */
const MOVED = Symbol('moved to another connection');

/**
 * The connections that long-polls go over, and nothing else, so that no other call stands behind them: as few as
 * will do, at most so many; beyond that long-polls take {@link Turns}.
 */
export class WaitConnections {
  readonly #options: WaitConnectionsOptions;
  readonly #slots: WaitSlots;
  readonly #turns: Turns;
  readonly #limit: StreamLimit | undefined;
  readonly #opened = new Map<number, Opened>();
  readonly #closing = new AbortController();

  constructor(options: WaitConnectionsOptions) {
    this.#options = options;
    this.#slots = new WaitSlots(options);
    this.#turns = new Turns(this.#slots, options.clock);
    if (options.ask) this.#limit = this.#learnLimit(options.ask);
  }

  /**
   * Makes a long-poll when its turn has come; and again, when it has to give up its place before it has an answer.
   *
   * @throws StatusError DEADLINE_EXCEEDED when its turn comes later than the caller has time; `signal.reason` on
   * abort; what `poll` throws.
   */
  async run<Answer>(request: TurnRequest, poll: (turn: WaitTurn) => Promise<Answer>): Promise<Answer> {
    let { priority } = request;
    for (let turnedAway = 0; ; ) {
      this.#closing.signal.throwIfAborted();
      const turn = await this.#turns.take({ ...request, priority });
      try {
        const { turnMs, giveUp } = turn;
        const connection = this.#open(turn.connection);
        this.#limit?.check();
        return await poll({ connection, turnMs, signal: giveUp.signal });
      } catch (thrown) {
        if (thrown === DISPLACED) priority = 'repeated';
        else if (thrown !== MOVED) {
          if (!(thrown instanceof StatusError)) throw thrown;
          if (isUnanswered(thrown)) this.#limit?.doubt();
          if (!isTurnedAway(thrown)) throw thrown;
          if (++turnedAway === MAX_ATTEMPTS) throw crowdedOut(thrown);
        }
      } finally {
        this.#leave(turn);
      }
      // The streams that were in the way are closed in a moment.
      if (turnedAway > 0) await sleep(turnedAway * AGAIN_MS, request.signal, this.#options.clock);
    }
  }

  /** Ends every long-poll, and every connection. */
  close(reason: unknown): void {
    this.#closing.abort(reason);
    this.#limit?.close();
    this.#turns.dismiss(reason);
    for (const { connection, stopIdleTimer } of this.#opened.values()) {
      stopIdleTimer();
      this.#options.disconnect(connection, reason);
    }
    this.#opened.clear();
  }

  #open(index: number): Connection {
    // It may have been closed since the turn came.
    this.#closing.signal.throwIfAborted();
    const opened = this.#opened.get(index) ?? {
      connection: this.#options.connect(),
      stopIdleTimer: () => {},
    };
    opened.stopIdleTimer();
    this.#opened.set(index, opened);
    return opened.connection;
  }

  #leave(turn: Turn): void {
    const index = turn.connection;
    turn.release();
    const opened = this.#opened.get(index);
    if (!opened || this.#slots.load(index) > 0) return;
    opened.stopIdleTimer();
    const close = () => {
      this.#opened.delete(index);
      const reason = 'connection was idle and is closed: ask again';
      this.#options.disconnect(opened.connection, kitError(Code.UNAVAILABLE, 'CONNECTION_IDLE', reason));
    };
    opened.stopIdleTimer = this.#options.clock.setTimer(close, IDLE_MS, { background: true });
  }

  #learnLimit(ask: NonNullable<WaitConnectionsOptions['ask']>): StreamLimit {
    return new StreamLimit({
      slots: this.#slots,
      clock: this.#options.clock,
      closed: this.#closing.signal,
      connection: (index) => this.#probed(index, ask),
      replace: (index) => this.#replace(index),
      changed: () => {
        this.#moveSurplus();
        this.#turns.admit();
      },
    });
  }

  #probed(index: number, ask: NonNullable<WaitConnectionsOptions['ask']>): ProbedConnection | undefined {
    const { connection } = this.#opened.get(index) ?? {};
    const [oldest] = this.#turns.on(index);
    if (!connection || !oldest) return undefined;
    return {
      ready: (signal) => connection.ready(signal),
      ask: (signal) => ask(oldest.name, connection, signal),
      askElsewhere: (signal) => ask(oldest.name, undefined, signal),
    };
  }

  #replace(index: number): void {
    const opened = this.#opened.get(index);
    if (!opened) return;
    this.#opened.delete(index);
    for (const { giveUp } of this.#turns.on(index)) giveUp.abort(MOVED);
    const reason = 'connection went silent and is closed: ask again';
    this.#options.disconnect(opened.connection, kitError(Code.UNAVAILABLE, 'CONNECTION_SILENT', reason));
  }

  /** The newest are those that were kept back. */
  #moveSurplus(): void {
    for (const index of this.#opened.keys()) {
      for (const { giveUp } of this.#turns.on(index).slice(this.#slots.perConnection)) giveUp.abort(MOVED);
    }
  }
}

/** UNAVAILABLE, for RESOURCE_EXHAUSTED would say that the server ran out of something, and end a wait. */
function crowdedOut(cause: StatusError): StatusError {
  const message = `server turned the call away ${MAX_ATTEMPTS} times, for too many were on the connection: ask again`;
  return kitError(Code.UNAVAILABLE, 'CONNECTION_CROWDED', message, { cause });
}
