/** Upper bounds on memory held for requests that have not arrived, and for answers that have not been taken. */
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
 * Memory over a limit that requests which were ended may still take, until they let go of it. A peer that takes no data delays
 * that, so past this its connection is cut.
 */
function tolerated(limit: number): number {
  return limit + Math.max(limit / 8, MIB);
}

/** Share of the memory of a process for connections of which no caller is known. */
const SHARE_OF_STRANGERS = 1 / 4;

/** Connections with peers for whom memory is held, and the sums over them. */
class Peers {
  readonly connections = new Set<ConnectionMemory>();
  held = 0;
  /** Bytes of {@link held} whose holders have been ended. */
  shed = 0;

  reduce(limit: number): void {
    while (this.held - this.shed > limit) this.#withMost('keptBytes')?.shedLargest();
    while (this.held > tolerated(limit)) this.#withMost('heldBytes')?.cut();
  }

  #withMost(measure: 'keptBytes' | 'heldBytes'): ConnectionMemory | undefined {
    let most: ConnectionMemory | undefined;
    for (const connection of this.connections) {
      if (connection[measure] > (most?.[measure] ?? 0)) most = connection;
    }
    return most;
  }
}

/** Of all servers in this process. */
const everyone = new Peers();
/** Those of {@link everyone} of which no caller is known. */
const strangers = new Peers();

/** Bytes of memory held by this process for peers. */
export function heldBytes(): number {
  return everyone.held;
}

/** One request or answer that takes memory for its peer. */
export abstract class MemoryHolder {
  readonly memory: ConnectionMemory;
  heldBytes = 0;
  /** Set when it has been ended to get its memory back. */
  isShed = false;

  constructor(memory: ConnectionMemory) {
    this.memory = memory;
  }

  /** Ends the request. Its memory counts until {@link ConnectionMemory.release} is called. */
  abstract shed(): void;
}

/**
 * Memory held for the peer of one connection. When there is too much, the largest holder is ended: that of the connection,
 * or, if all peers together have too much, that of the connection which holds most. So a peer that holds little is served
 * whatever others do.
 */
export class ConnectionMemory {
  readonly #limits: MemoryLimits;
  readonly #cut: () => void;
  readonly #holders = new Set<MemoryHolder>();
  #held = 0;
  #shed = 0;
  #isClosed = false;
  #isStranger: boolean;

  /**
   * @param cut - closes the connection at once.
   * @param peer - 'stranger' until {@link identified} is called.
   */
  constructor(limits: MemoryLimits, cut: () => void, peer: 'stranger' | 'known' = 'known') {
    this.#limits = limits;
    this.#cut = cut;
    this.#isStranger = peer === 'stranger';
  }

  /** Counts the connection no longer among those of strangers. */
  identified(): void {
    if (!this.#isStranger) return;
    this.#isStranger = false;
    strangers.held -= this.#held;
    strangers.shed -= this.#shed;
    strangers.connections.delete(this);
  }

  /** Counts more bytes for a holder, and ends holders if that is too much. */
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
    if (!this.#isStranger) return;
    const strangerBytes = processBytes * SHARE_OF_STRANGERS;
    if (strangers.held > strangerBytes) strangers.reduce(strangerBytes);
  }

  /** Counts nothing for a holder any more. */
  release(holder: MemoryHolder): void {
    const bytes = holder.heldBytes;
    if (bytes === 0) return;
    holder.heldBytes = 0;
    this.#holders.delete(holder);
    this.#countHeld(-bytes);
    if (holder.isShed) this.#countShed(-bytes);
  }

  /** Counts nothing for the connection any more. */
  close(): void {
    for (const holder of this.#holders) this.release(holder);
    this.#isClosed = true;
  }

  /** Bytes that no holder has been ended for. */
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
    if (this.#isStranger) this.#count(strangers, bytes);
  }

  #count(peers: Peers, bytes: number): void {
    peers.held += bytes;
    if (this.#held === 0) peers.connections.delete(this);
    else if (this.#held === bytes) peers.connections.add(this);
  }

  #countShed(bytes: number): void {
    this.#shed += bytes;
    everyone.shed += bytes;
    if (this.#isStranger) strangers.shed += bytes;
  }
}
