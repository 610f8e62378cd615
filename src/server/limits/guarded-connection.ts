import type { Http2Session } from 'node:http2';
import { ConnectionMemory, type MemoryLimits } from '../../core/held-memory.js';

/** Concurrent calls of a connection that may take all that its server gives. */
export const MAX_STREAMS = 1000;
/** The same before a caller on the connection is known. Clients assume 100 until they get the settings of the server. */
export const MAX_STREAMS_OF_STRANGER = 100;
/** Refused calls of a connection before its caller is known, and how fast they are forgiven. */
const MAX_REFUSALS = 100;
const REFUSALS_PER_SECOND = 10;
/** Time in one turn of the event loop for calls on connections whose callers are not known. */
const TURN_MS = 25;
/** Calls of a connection in a turn that has taken longer than that. */
const MAX_CALLS_IN_LONG_TURN = 2;

/** Time that calls of strangers have taken in the current turn of the event loop, for all servers of the process. */
const turn = { id: 0, startedAt: 0, isOpen: false };

/**
 * A connection of HTTP/2, and its bounds. Until the caller of one of its calls is known they are low, and a connection that
 * exceeds them is closed gracefully: calls that were taken are answered, others are refused by HTTP/2, so clients
 * may repeat them on another connection.
 */
export class GuardedConnection {
  readonly memory: ConnectionMemory;
  readonly #session: Http2Session;
  #isKnown: boolean;
  #refusals = 0;
  #forgivenAt = 0;
  #turn = 0;
  #callsInTurn = 0;

  /** @param isKnown - whether the server has no way to tell callers apart. */
  constructor(session: Http2Session, limits: MemoryLimits, isKnown: boolean) {
    this.#session = session;
    this.#isKnown = isKnown;
    this.memory = new ConnectionMemory(
      limits,
      () => session.destroy(),
      isKnown ? 'identified' : 'unidentified',
    );
    session.once('close', () => this.memory.close());
  }

  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Counts a call that begins. Returns false if the connection is closing: the call must be refused. */
  takesCall(): boolean {
    if (this.#isKnown) return true;
    if (this.#session.closed) return false;
    if (!turn.isOpen) beginTurn();
    if (this.#turn !== turn.id) {
      this.#turn = turn.id;
      this.#callsInTurn = 0;
    }
    this.#callsInTurn++;
    if (this.#callsInTurn <= MAX_CALLS_IN_LONG_TURN || performance.now() - turn.startedAt <= TURN_MS)
      return true;
    this.#session.close();
    return false;
  }

  /** A caller on the connection is known: it gets the full bounds. */
  identified(): void {
    if (this.#isKnown) return;
    this.#isKnown = true;
    this.memory.identified();
    // The first settings count only once the client has confirmed them.
    if (this.#session.pendingSettingsAck) this.#session.once('localSettings', () => this.#raiseStreams());
    else this.#raiseStreams();
  }

  /** A call was refused by its headers. */
  refused(): void {
    if (this.#isKnown) return;
    const now = performance.now();
    const forgiven = ((now - this.#forgivenAt) / 1000) * REFUSALS_PER_SECOND;
    this.#refusals = Math.max(0, this.#refusals - forgiven) + 1;
    this.#forgivenAt = now;
    if (this.#refusals >= MAX_REFUSALS) this.#session.close();
  }

  #raiseStreams(): void {
    const { closed, destroyed, localSettings } = this.#session;
    // Another limit is the choice of who made the server.
    if (closed || destroyed || localSettings.maxConcurrentStreams !== MAX_STREAMS_OF_STRANGER) return;
    this.#session.settings({ maxConcurrentStreams: MAX_STREAMS });
  }
}

function beginTurn(): void {
  turn.id++;
  turn.isOpen = true;
  turn.startedAt = performance.now();
  setImmediate(() => {
    turn.isOpen = false;
  });
}
