/**
 * Upper bounds on memory held for requests that have not fully arrived and responses that have not been read.
 */
export interface MemoryLimits {
  /** For the peer of one connection, in bytes. */
  readonly connectionBytes: number;
  /** For all peers of this process together, in bytes. */
  readonly processBytes: number;
}

const MIB = 2 ** 20;

export const DEFAULT_MEMORY_LIMITS: MemoryLimits = {
  connectionBytes: 64 * MIB,
  processBytes: 256 * MIB,
};

/**
 * Upper bound on the memory of a connection or process, including that of requests which were ended and still
 * hold some.
 *
 * A peer that stops reading delays its release. Above this bound, its connection is cut.
 */
function tolerated(limit: number): number {
  return limit + Math.max(limit / 8, MIB);
}

/** Share of the process memory for connections without an identified caller. */
const UNIDENTIFIED_SHARE = 1 / 4;

/** Connections that hold memory, with their totals. */
class Peers {
  readonly connections = new Set<ConnectionMemory>();
  held = 0;
  /** Bytes of {@link held} whose holders have been ended. */
  shed = 0;

  /** Ends the largest holders of the connections that hold most. */
  reduce(limit: number): void {
    while (this.held - this.shed > limit) this.#withMost('keptBytes')?.shedLargest();
    this.cut(tolerated(limit));
  }

  /** Closes the connections that hold most. */
  cut(limit: number): void {
    while (this.held > limit) this.#withMost('heldBytes')?.cut();
  }

  #withMost(measure: 'keptBytes' | 'heldBytes'): ConnectionMemory | undefined {
    let most: ConnectionMemory | undefined;
    for (const connection of this.connections) {
      if (connection[measure] > (most?.[measure] ?? 0)) most = connection;
    }
    return most;
  }
}

/** Connections of all servers in this process. */
const everyone = new Peers();
/** Connections in {@link everyone} without an identified caller. */
const unidentified = new Peers();

/** Returns the bytes of memory that this process holds for peers. */
export function heldBytes(): number {
  return everyone.held;
}

/** Request or response that holds memory for its peer. */
export abstract class MemoryHolder {
  readonly memory: ConnectionMemory;
  heldBytes = 0;
  /** True once it has been ended to reclaim its memory. */
  isShed = false;

  constructor(memory: ConnectionMemory) {
    this.memory = memory;
  }

  /** Ends the request. Its memory counts until {@link ConnectionMemory.release} is called. */
  abstract shed(): void;
}

/**
 * Memory held for the peer of one connection. Above a limit, the largest holder is ended.
 *
 * For `connectionBytes`, that is the largest holder of this connection. For `processBytes`, it is the largest
 * of the connection that holds most. A peer that holds little is therefore served regardless of others.
 */
export class ConnectionMemory {
  readonly #limits: MemoryLimits;
  readonly #cut: () => void;
  readonly #holders = new Set<MemoryHolder>();
  #held = 0;
  #shed = 0;
  #isClosed = false;
  #isUnidentified: boolean;

  /**
   * @param cut - closes the connection at once.
   * @param peer - 'unidentified' until {@link identified} is called.
   */
  constructor(limits: MemoryLimits, cut: () => void, peer: 'unidentified' | 'identified' = 'identified') {
    this.#limits = limits;
    this.#cut = cut;
    this.#isUnidentified = peer === 'unidentified';
  }

  /** Stops counting the connection as one without an identified caller. */
  identified(): void {
    if (!this.#isUnidentified) return;
    this.#isUnidentified = false;
    unidentified.held -= this.#held;
    unidentified.shed -= this.#shed;
    unidentified.connections.delete(this);
  }

  /** Adds bytes to a holder. Ends holders if a limit is exceeded. */
  hold(holder: MemoryHolder, bytes: number): void {
    if (this.#isClosed || bytes === 0) return;
    if (holder.heldBytes === 0) {
      this.#holders.add(holder);
    }
    holder.heldBytes += bytes;
    this.#countHeld(bytes);
    if (holder.isShed) this.#countShed(bytes);
    const { connectionBytes, processBytes } = this.#limits;
    if (this.#held > connectionBytes) this.#reduce(connectionBytes);
    if (everyone.held > processBytes) everyone.reduce(processBytes);
    if (!this.#isUnidentified) return;
    // Answering each call of a flood would take more memory and time than the calls.
    unidentified.cut(processBytes * UNIDENTIFIED_SHARE);
  }

  /** Stops counting a holder. */
  release(holder: MemoryHolder): void {
    const bytes = holder.heldBytes;
    if (bytes === 0) return;
    holder.heldBytes = 0;
    this.#holders.delete(holder);
    this.#countHeld(-bytes);
    if (holder.isShed) this.#countShed(-bytes);
  }

  /** Stops counting the connection. */
  close(): void {
    for (const holder of this.#holders) this.release(holder);
    this.#isClosed = true;
  }

  /** Bytes of holders that have not been ended. */
  get keptBytes(): number {
    return this.#held - this.#shed;
  }

  get heldBytes(): number {
    return this.#held;
  }

  /** Ends the largest holder. */
  shedLargest(): void {
    let largest: MemoryHolder | undefined;
    for (const holder of this.#holders) {
      if (!holder.isShed && holder.heldBytes > (largest?.heldBytes ?? 0)) largest = holder;
    }
    if (!largest) return;
    largest.isShed = true;
    this.#countShed(largest.heldBytes);
    largest.shed();
  }

  cut(): void {
    this.close();
    this.#cut();
  }

  #reduce(limit: number): void {
    while (this.keptBytes > limit) this.shedLargest();
    if (this.#held > tolerated(limit)) this.cut();
  }

  #countHeld(bytes: number): void {
    this.#held += bytes;
    this.#count(everyone, bytes);
    if (this.#isUnidentified) this.#count(unidentified, bytes);
  }

  #count(peers: Peers, bytes: number): void {
    peers.held += bytes;
    if (this.#held === 0) peers.connections.delete(this);
    else if (this.#held === bytes) peers.connections.add(this);
  }

  #countShed(bytes: number): void {
    this.#shed += bytes;
    everyone.shed += bytes;
    if (this.#isUnidentified) unidentified.shed += bytes;
  }
}
