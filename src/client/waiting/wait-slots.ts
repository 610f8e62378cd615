/** How many long-polls there may be at once. */
export interface WaitLimits {
  readonly maxConnections: number;
  readonly streamsPerConnection: number;
}

/** Who is how busy. */
export interface WaitLoad {
  readonly inUse: number;
  /** How many wait for their turn. */
  readonly queued: number;
  /** How many of these wait for their first. */
  readonly firstTurns: number;
  readonly capacity: number;
}

/** In a crowd, everybody's turn comes about that often. */
const ROUND_MS = 30_000;

/** Long enough to count as a long-poll. */
export const SHORTEST_TURN_MS = 1000;

/**
 * How long one long-poll may take, given how many there are. While half the places are free it may take as long
 * as it likes. Beyond that everybody is to be asked for once a round: turns are as long as that allows, which
 * keeps the number of questions down, and no longer, for whoever is in the queue to be served soon. While
 * there are callers without a turn yet for every place, all of them will be needed in a second.
 */
export function turnMs({ inUse, queued, firstTurns, capacity }: WaitLoad): number {
  const demand = inUse + queued;
  if (demand <= capacity / 2) return Number.POSITIVE_INFINITY;
  if (firstTurns >= capacity) return SHORTEST_TURN_MS;
  return Math.max(SHORTEST_TURN_MS, ROUND_MS * Math.min(1, capacity / demand));
}

/**
 * Which connection each long-poll goes over: counts, and nothing else. Connections are numbered; a number whose
 * count is zero is no connection, or an idle one.
 */
export class WaitSlots {
  readonly #maxConnections: number;
  readonly #mostPerConnection: number;
  readonly #loads: number[] = [];
  #perConnection: number;
  #inUse = 0;

  constructor({ maxConnections, streamsPerConnection }: WaitLimits) {
    this.#maxConnections = maxConnections;
    this.#mostPerConnection = streamsPerConnection;
    this.#perConnection = streamsPerConnection;
  }

  get inUse(): number {
    return this.#inUse;
  }

  /** How many there is room for. */
  get capacity(): number {
    return this.#maxConnections * this.#perConnection;
  }

  /** How many long-polls a connection may carry. */
  get perConnection(): number {
    return this.#perConnection;
  }

  /** The connections that carry long-polls. */
  connections(): number[] {
    return [...this.#loads.keys()].filter((connection) => this.load(connection) > 0);
  }

  /** How many long-polls go over that connection. */
  load(connection: number): number {
    return this.#loads[connection] ?? 0;
  }

  /**
   * Takes a place: on the fullest connection that has one, so that the others fall idle, and a new connection
   * only when all are full. Undefined when there is no place.
   */
  take(): number | undefined {
    const connection = this.#fullestWithRoom();
    if (connection === undefined) return undefined;
    this.#loads[connection] = this.load(connection) + 1;
    this.#inUse++;
    return connection;
  }

  /** Gives a place back. */
  release(connection: number): void {
    this.#loads[connection] = this.load(connection) - 1;
    this.#inUse--;
  }

  /** Learns that a connection can carry no more than this, 1 at least. What is there already stays. */
  shrink(perConnection: number): void {
    this.#perConnection = Math.max(1, Math.min(this.#perConnection, perConnection));
  }

  /** Allows each connection more than it was thought to carry, up to what it was allowed at first. */
  grow(perConnection: number): void {
    this.#perConnection = Math.max(this.#perConnection, Math.min(this.#mostPerConnection, perConnection));
  }

  /** Whether connections are given less than they were at first. */
  get shrunk(): boolean {
    return this.#perConnection < this.#mostPerConnection;
  }

  #fullestWithRoom(): number | undefined {
    let found: number | undefined;
    for (let connection = 0; connection < this.#maxConnections; connection++) {
      const load = this.load(connection);
      if (load < this.#perConnection && (found === undefined || load > this.load(found))) found = connection;
    }
    return found;
  }
}
