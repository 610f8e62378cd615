/** The connection that a call came over. */
export interface CallConnection {
  /** Breaks it off. */
  drop(): void;
  /** Closes it once what is under way on it has been answered, and says so. */
  goAway(): void;
}

/** The connections that are open, each by what its calls know it by. */
export class CallConnections {
  readonly #connections = new Map<string, CallConnection>();

  add(key: string, connection: CallConnection): void {
    this.#connections.set(key, connection);
  }

  remove(key: string): void {
    this.#connections.delete(key);
  }

  get(key: string): CallConnection | undefined {
    return this.#connections.get(key);
  }
}
