import { type Clock, systemClock } from '../../clock.js';
import { timeLeftMs } from '../../deadline.js';
import { onAbort, within } from '../../signals.js';
import { Code, kitError, type StatusError } from '../../status.js';
import { type TurnPriority, TurnQueue } from './turn-queue.js';
import { SHORTEST_TURN_MS, turnMs, type WaitSlots } from './wait-slots.js';

/** Who wants to wait, and how long for a turn at most. */
export interface TurnRequest {
  /** The operation to wait for. */
  readonly name: string;
  readonly priority: TurnPriority;
  /** Milliseconds since 1970, or Infinity. */
  readonly deadline: number;
  /** Ends the turn, or the waiting for it. */
  readonly signal: AbortSignal | undefined;
}

/** A place on a connection, for a while. */
export interface Turn {
  readonly name: string;
  /** The number of the connection. */
  readonly connection: number;
  readonly startedAt: number;
  /** How long it may take at most. */
  readonly turnMs: number;
  /** Ends the turn early: with the reason of the caller's signal, or for another to have the place. */
  readonly giveUp: AbortController;
  /** Gives the place back. */
  release(): void;
}

/** Why a turn ended early whose place another needed. */
export const DISPLACED = Symbol('has had its turn');

const ADMITTED_AT_ONCE = 16;

/**
 * So many give up their places at once, and so many a second for each connection. A server that is busy with turns
 * answers nothing else; and one that many streams are reset on takes it for an attack, as Node's does with more than
 * 33 a second for long, and closes the connection under all that is on it.
 */
const DISPLACED_AT_ONCE = 16;
const DISPLACED_PER_SECOND = 25;

/** For the answer to a turn that is over by itself to arrive. */
const GRACE_MS = 1000;

/**
 * Who has a place, and who is next. When there are more long-polls than places, whoever has not had a turn yet gets
 * the place of the oldest one after a second; the others get it when that has had its share of the time.
 */
export class Turns {
  readonly #slots: WaitSlots;
  readonly #clock: Clock;
  readonly #queue = new TurnQueue<number>();
  /** Oldest first. */
  readonly #taken = new Set<Turn>();
  #admitting = false;
  #displacedAt = Number.NEGATIVE_INFINITY;
  #stopTimer = () => {};

  constructor(slots: WaitSlots, clock: Clock) {
    this.#slots = slots;
    this.#clock = clock;
  }

  /**
   * Resolves when one's turn has come.
   *
   * @throws StatusError DEADLINE_EXCEEDED when that is later than the caller has time; `signal.reason` on abort.
   */
  async take({ name, priority, deadline, signal }: TurnRequest): Promise<Turn> {
    signal?.throwIfAborted();
    // Deadlines of calls go by the machine's clock, as grpc-js has it.
    const patience = { timeoutMs: timeLeftMs(deadline), signal };
    const connection = await within(patience, turnDidNotCome, systemClock, (limited) => {
      const called = this.#queue.enqueue(priority, limited);
      this.admit();
      return called;
    });
    const giveUp = new AbortController();
    const stopListening = onAbort(signal, (reason) => giveUp.abort(reason));
    const turn: Turn = {
      name,
      connection,
      startedAt: this.#clock.now(),
      turnMs: this.#turnMs,
      giveUp,
      release: () => {
        stopListening();
        this.#taken.delete(turn);
        this.#slots.release(connection);
        this.admit();
      },
    };
    this.#taken.add(turn);
    return turn;
  }

  /** Those who have a place on a connection, oldest first. */
  on(connection: number): Turn[] {
    return [...this.#taken].filter((turn) => turn.connection === connection);
  }

  /** Lets in who has a place, a few at a time: ten thousand at once would keep every other call waiting. */
  admit(): void {
    if (this.#admitting || this.#queue.length === 0) return;
    this.#admitting = true;
    const moved = this.#callNext() + this.#displace();
    const goOn = () => {
      this.#admitting = false;
      this.admit();
    };
    if (moved > 0) setImmediate(goOn);
    else this.#admitting = false;
  }

  /** Rejects whoever is in the queue with this reason, and leaves no timer. */
  dismiss(reason: unknown): void {
    this.#stopTimer();
    this.#queue.rejectAll(reason);
  }

  get #turnMs(): number {
    const { inUse, capacity } = this.#slots;
    const { length: queued, firstTurns } = this.#queue;
    return turnMs({ inUse, queued, firstTurns, capacity });
  }

  #callNext(): number {
    for (let called = 0; called < ADMITTED_AT_ONCE; called++) {
      const connection = this.#queue.length > 0 ? this.#slots.take() : undefined;
      if (connection === undefined) return called;
      this.#queue.grant(connection);
    }
    return ADMITTED_AT_ONCE;
  }

  /** While somebody is in the queue, those who have had their turn give up their places, the oldest first. */
  #displace(): number {
    this.#stopTimer();
    const { firstTurns } = this.#queue;
    const wanted = Math.min(this.#queue.length, DISPLACED_AT_ONCE);
    const now = this.#clock.now();
    const pacedAt = this.#displacedAt + this.#paceMs;
    let nextAt = Number.POSITIVE_INFINITY;
    let given = 0;
    let displaced = 0;
    for (const turn of this.#taken) {
      if (given === wanted) break;
      given++;
      if (turn.giveUp.signal.aborted) continue;
      const dueAt = Math.max(pacedAt, overAt(turn, given <= firstTurns ? SHORTEST_TURN_MS : this.#turnMs));
      if (dueAt > now) {
        nextAt = Math.min(nextAt, dueAt);
        continue;
      }
      turn.giveUp.abort(DISPLACED);
      displaced++;
    }
    if (displaced > 0) this.#displacedAt = now;
    if (nextAt < Number.POSITIVE_INFINITY) {
      this.#stopTimer = this.#clock.setTimer(() => this.admit(), nextAt - now, { background: true });
    }
    return displaced;
  }

  /** How long after some have been displaced the next may be. */
  get #paceMs(): number {
    return (1000 * DISPLACED_AT_ONCE) / (DISPLACED_PER_SECOND * this.#slots.connections().length);
  }
}

/** When a turn is to be given up that may take so long: one that was granted no more is over by itself. */
function overAt({ startedAt, turnMs: grantedMs }: Turn, mostMs: number): number {
  return startedAt + mostMs + (grantedMs <= mostMs ? GRACE_MS : 0);
}

function turnDidNotCome(timeoutMs: number): StatusError {
  const message = `no turn to wait came within ${Math.round(timeoutMs)} ms: allow more connections by maxWaitConnections`;
  return kitError(Code.DEADLINE_EXCEEDED, 'WAIT_TURN_TIMED_OUT', message);
}
